import Foundation
import GygesFiles
import GygesTestSupport

@testable import GygesHub

/// A `python3` that answers `-m pip download` from a folder of wheels, and passes everything else to the real one.
final class FakePackageIndex {
    private let folder: TemporaryFolder
    /// What a hub needs to find the fake program and its cache.
    let environment: [String: String]

    init() throws {
        folder = try TemporaryFolder()
        let path = ProcessInfo.processInfo.environment["PATH", default: "/usr/bin:/bin"]
        environment = [
            "PATH": "\(folder.path)/bin:\(path)", "REAL_PATH": path, "WHEELS": "\(folder.path)/wheels",
            "GYGES_CACHE": "\(folder.path)/cache", "HOME": folder.path,
        ]
        let script = """
            #!/bin/sh
            if [ "$1 $2 $3" != "-m pip download" ]; then PATH="$REAL_PATH" exec python3 "$@"; fi
            for argument; do requirement="$argument"; done
            while [ "$1" != "--dest" ]; do shift; done
            echo "$requirement" >> "$WHEELS/requests"
            if [ -e "$WHEELS/$requirement" ]; then exec cp "$WHEELS/$requirement" "$2/$requirement.whl"; fi
            echo "ERROR: No matching distribution found for $requirement" >&2
            exit 1

            """
        _ = try folder.write(Array(script.utf8), to: "bin/python3", isExecutable: true)
        _ = try folder.write([], to: "wheels/requests")
    }

    /// Puts a wheel up that holds `files`; names may be anything, as a hostile wheel's may.
    func publish(_ package: String, _ files: [String: [UInt8]]) throws {
        let staging = "staging-\(package)"
        var arguments = ["\(folder.path)/wheels/\(package)==1.0"]
        for (index, file) in files.sorted(by: { $0.key < $1.key }).enumerated() {
            arguments += [file.key, try folder.write(file.value, to: "\(staging)/\(index)")]
        }
        let script = """
            import sys, zipfile
            with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as archive:
                for name, path in zip(sys.argv[2::2], sys.argv[3::2]): archive.write(path, name)
            """
        let outcome = try Subprocess(
            command: ["python3", "-c", script] + arguments, environment: ProcessInfo.processInfo.environment
        ).run()
        guard outcome.status == 0 else { throw CocoaError(.fileWriteUnknown) }
    }

    /// Puts up something that is not a wheel.
    func publish(_ package: String, garbage: [UInt8]) throws {
        _ = try folder.write(garbage, to: "wheels/\(package)==1.0")
    }

    /// Takes a wheel down.
    func withdraw(_ package: String) throws {
        try FileManager.default.removeItem(atPath: "\(folder.path)/wheels/\(package)==1.0")
    }

    /// The packages that were asked for, in order.
    var requests: [String] {
        get throws {
            try String(contentsOfFile: "\(folder.path)/wheels/requests", encoding: .utf8).split(separator: "\n").map(
                String.init)
        }
    }

    /// An entry whose parts are the packages `names`, each with `data/part.bin`.
    func entry(_ names: [String], content: [UInt8]) -> CatalogueEntry {
        CatalogueEntry(
            name: "tiny", description: "", license: "MIT", byteCount: content.count,
            sha256: content.withUnsafeBytes { Digest.sha256($0) },
            parts: names.map { PackageFile(package: $0, version: "1.0", path: "data/part.bin") })
    }
}
