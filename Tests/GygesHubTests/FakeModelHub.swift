import Foundation
import GygesTestSupport

@testable import GygesHub

/// A small Hugging Face hub on this machine: a Python server over a folder of files.
///
/// The first path component of its address selects how it misbehaves.
final class FakeModelHub {
    enum Behaviour: String {
        case honest
        /// Every second answer is an overload.
        case flaky
        /// One byte of every large file is wrong.
        case corrupt
        /// `Range` is ignored.
        case rangeless
        /// Only the token `secret` is let in.
        case gated
        /// Sends more than asked.
        case endless
        /// Lists files outside the repository's folder.
        case hostile
    }

    private let process = Process()
    private let folder: TemporaryFolder
    private let port: Int

    init(files: [String: [UInt8]]) throws {
        folder = try TemporaryFolder()
        for (name, content) in files { _ = try folder.write(content, to: "files/\(name)") }
        let script = try folder.write(Array(Self.server.utf8), to: "server.py")
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-u", script, "\(folder.path)/files"]
        process.standardOutput = output
        try process.run()
        // The server prints its port once it listens.
        var line = Data()
        while !line.contains(UInt8(ascii: "\n")) {
            let bytes = output.fileHandleForReading.availableData
            if bytes.isEmpty { break }
            line += bytes
        }
        let text = String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard let port = Int(text) else { throw CocoaError(.fileReadUnknown) }
        self.port = port
    }

    deinit {
        // Threads of a pool block signals, and so do the processes they start: SIGTERM would never arrive. Not waited
        // for: Foundation waits for a descriptor to close that servers started meanwhile have inherited.
        kill(process.processIdentifier, SIGKILL)
    }

    /// What `HF_ENDPOINT` is to be.
    func address(_ behaviour: Behaviour = .honest) -> String { "http://127.0.0.1:\(port)/\(behaviour)" }

    /// A hub with an empty cache that asks this server.
    func hub(_ behaviour: Behaviour = .honest, token: String? = nil) throws -> Hub {
        var environment = ["GYGES_CACHE": "\(folder.path)/cache", "HF_ENDPOINT": address(behaviour)]
        environment["HF_TOKEN"] = token
        return try Hub(environment: environment)
    }

    /// The files that were asked for so far, with their ranges: `model.safetensors 0-99`.
    var requests: [String] {
        get throws {
            let path = "\(folder.path)/files/.requests"
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return [] }
            return text.split(separator: "\n").map(String.init)
        }
    }

    private static let server = #"""
        import hashlib, http.server, json, os, sys
        root, commit, calls = sys.argv[1], "0123456789abcdef0123456789abcdef01234567", {}

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def log_message(self, *arguments): pass
            def answer(self, status, body, **headers):
                self.send_response(status)
                for name, value in headers.items(): self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            def do_GET(self):
                _, behaviour, *path = self.path.split("?")[0].split("/")
                calls[behaviour] = calls.get(behaviour, 0) + 1
                if behaviour == "flaky" and calls[behaviour] % 2: return self.answer(503, b"busy")
                if behaviour == "gated" and self.headers["Authorization"] != "Bearer secret":
                    return self.answer(401, b"who are you")
                if path[0] == "api": return self.listing(behaviour, path[3], path[5])
                owner, name, _, revision, *file = path
                self.file(behaviour, "/".join(file)) if revision == commit else self.answer(404, b"")
            def listing(self, behaviour, name, revision):
                if name != "tiny": return self.answer(404, b"{}")
                files = []
                for folder, _, names in os.walk(root):
                    for entry in names:
                        path = os.path.join(folder, entry)
                        content = open(path, "rb").read()
                        if entry.startswith("."): continue
                        blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
                        file = dict(rfilename=os.path.relpath(path, root), size=len(content), blobId=blob)
                        if len(content) > 1000:
                            file["lfs"] = dict(sha256=hashlib.sha256(content).hexdigest(), size=len(content), pointerSize=1)
                        files.append(file)
                if behaviour == "hostile": files.append(dict(files[0], rfilename="..evil.json"))
                self.answer(200, json.dumps(dict(sha=commit, siblings=files)).encode())
            def file(self, behaviour, name):
                if not os.path.exists(os.path.join(root, name)): return self.answer(404, b"")
                content = bytearray(open(os.path.join(root, name), "rb").read())
                if behaviour == "corrupt" and len(content) > 1000: content[500] ^= 1
                wanted = self.headers["Range"]
                with open(os.path.join(root, ".requests"), "a") as log: print(name, wanted[6:], file=log)
                if behaviour == "rangeless": return self.answer(200, bytes(content))
                start, end = map(int, wanted[6:].split("-"))
                body = bytes(content[start:end + 1])
                if behaviour == "endless": body += b"x" * 40_000_000
                self.answer(206, body, Content_Range=f"bytes {start}-{end}/{len(content)}")

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        print(server.server_address[1])
        server.serve_forever()
        """#
}
