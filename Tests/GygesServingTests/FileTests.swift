import Foundation
import GygesBulk
import GygesFiles
import GygesInference
import GygesServer
import GygesTestSupport
import Testing

@testable import GygesServing

/// Files go up and down, and batches of them are answered as `gyges batch` answers them.
@Suite struct FileTests {
    private static func line(_ id: Int, _ more: String = "") -> String {
        #"{"custom_id": "\#(id)", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "chat", "messages": [{"role": "user", "content": "the quick"}], "max_tokens": 6\#(more)}}"#
    }

    private func upload(
        _ server: ServingServer, _ text: String, purpose: String = "batch",
        headers: [(name: String, value: String)] = []
    ) async throws -> HTTPProbe.Answer {
        let form =
            "--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\n\(purpose)\r\n--b\r\n"
            + "Content-Disposition: form-data; name=\"file\"; filename=\"r.jsonl\"\r\nContent-Type: application/octet-stream\r\n\r\n"
            + "\(text)\r\n--b--\r\n"
        return try await server.probe.ask(
            "POST", "/v1/files", headers: headers + [("Content-Type", "multipart/form-data; boundary=b")], body: form)
    }

    private func json(_ answer: HTTPProbe.Answer) throws -> JSON {
        try #require(answer.status == 200, "\(answer)")
        return try JSON.parse(Array(answer.text.utf8), path: "answer")
    }

    private func get(_ server: ServingServer, _ path: String) async throws -> JSON {
        try json(try await server.probe.ask("GET", path))
    }

    private func batch(_ server: ServingServer, of text: String) async throws -> String {
        let file = try json(try await upload(server, text))
        let batch = try await server.json(
            "/v1/batches",
            [
                "input_file_id": file["id"] ?? .null, "endpoint": "/v1/chat/completions", "completion_window": "24h",
                "metadata": ["run": "7"],
            ])
        #expect(batch["metadata"]?["run"] == "7" && batch["object"] == "batch")
        return try #require(batch["id"]?.string)
    }

    /// How a batch stands when nothing more happens to it.
    private func end(_ server: ServingServer, _ id: String) async throws -> JSON {
        for _ in 0..<600 {
            let batch = try await get(server, "/v1/batches/\(id)")
            if ["completed", "failed", "cancelled"].contains(batch["status"]?.string) { return batch }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("the batch does not end")
        return .null
    }

    @Test func filesGoUpAndDown() async throws {
        let folder = try TemporaryFolder()
        let files = try BatchQueue(folder: folder.path, limits: .init(fileByteCount: 1000, fileCount: 3))
        try await ServingServer.run(files: files) { server async throws in
            let text = Self.line(1) + "\n"
            let file = try json(try await upload(server, text))
            let id = try #require(file["id"]?.string)
            #expect(file["bytes"]?.integer == text.utf8.count && file["filename"] == "r.jsonl")
            #expect(file["purpose"] == "batch" && file["created_at"] == 1234)
            #expect(try await get(server, "/v1/files/\(id)") == file)
            #expect(try await server.probe.ask("GET", "/v1/files/\(id)/content").text == text)
            _ = try json(try await upload(server, "a"))
            let page = try await get(server, "/v1/files?limit=1&order=asc&purpose=batch")
            #expect(page["data"]?.array?.count == 1 && page["has_more"] == true)
            let rest = try await get(server, "/v1/files?after=\(page["last_id"]?.string ?? "")&order=asc")
            #expect(rest["data"]?.array?.count == 1 && rest["has_more"] == false && rest["data"] != page["data"])
            for (purpose, text, status) in [
                ("assistants", "a", 400), ("batch", String(repeating: "a", count: 1001), 413),
            ] {
                #expect(try await upload(server, text, purpose: purpose).status == status)
            }
            #expect(try await server.probe.ask("POST", "/v1/files", body: "{}").status == 415)
            for path in ["/v1/files/none", "/v1/files/none/content", "/v1/files/..%2Flock", "/v1/batches/none"] {
                #expect(try await server.probe.ask("GET", path).status == 404, "\(path)")
            }
            #expect(try await server.probe.ask("GET", "/v1/files?limit=0").status == 400)
            _ = try json(try await upload(server, "b"))
            #expect(try await upload(server, "c").status == 429)
            let gone = try json(try await server.probe.ask("DELETE", "/v1/files/\(id)"))
            #expect(gone["deleted"] == true)
            #expect(try await server.probe.ask("GET", "/v1/files/\(id)").status == 404)
            // What was refused has left nothing.
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 5)
        }
    }

    @Test func withoutAFolderThereAreNone() async throws {
        try await ServingServer.run { server async throws in
            for path in ["/v1/files", "/v1/batches", "/v1/files/a/content"] {
                let answer = try await server.probe.ask("GET", path)
                #expect(answer.status == 404 && answer.text.contains("--files"))
            }
            #expect(try await upload(server, "a").status == 404)
            #expect(try await server.post("/v1/batches", [:]).status == 404)
        }
    }

    @Test func aBatchIsAnsweredAsTheServerAnswers() async throws {
        let folder = try TemporaryFolder()
        let files = try BatchQueue(folder: folder.path)
        try await ServingServer.run(files: files) { server async throws in
            let lines = [Self.line(1), Self.line(2, #", "seed": 5"#), Self.line(3, #", "n": 1000"#)]
            let batch = try await end(server, try await batch(server, of: lines.joined(separator: "\n")))
            #expect(batch["status"] == "completed" && batch["request_counts"]?["total"] == 3, "\(batch)")
            #expect(batch["request_counts"]?["completed"] == 2 && batch["request_counts"]?["failed"] == 1)
            let output = try await server.probe.ask(
                "GET", "/v1/files/\(batch["output_file_id"]?.string ?? "")/content"
            ).text
            let rows = try output.split(separator: "\n").map { try JSON.parse(Array($0.utf8), path: "row") }
            #expect(rows.map { $0["custom_id"]?.string } == ["1", "2"])
            let own = try await server.json(
                "/v1/chat/completions",
                [
                    "model": "chat", "messages": [["role": "user", "content": "the quick"]], "max_tokens": 6, "seed": 5,
                ])
            #expect(rows[1]["response"]?["body"]?["choices"] == own["choices"])
            #expect(rows[1]["response"]?["body"]?["created"] == batch["created_at"])
            let errors = try await server.probe.ask("GET", "/v1/files/\(batch["error_file_id"]?.string ?? "")/content")
            #expect(errors.text.contains(#""custom_id":"3""#) && errors.text.contains(#""param":"n""#))
            let listed = try await get(server, "/v1/batches")
            #expect(listed["data"]?.array == [batch])
            #expect(try await server.post("/v1/batches/\(batch["id"]?.string ?? "")/cancel", [:]).status == 409)
            // The rows themselves are gone.
            let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(!left.contains { $0.contains(".rows") })
        }
    }

    @Test func linesThatAreNoneFailTheBatchBeforeAnythingIsAsked() async throws {
        let folder = try TemporaryFolder()
        let files = try BatchQueue(folder: folder.path, limits: .init(lineCount: 5))
        try await ServingServer.run(files: files) { server async throws in
            let lines = [Self.line(1), Self.line(1), "{", #"{"custom_id": "x", "url": "/v1/embeddings", "body": {}}"#]
            let batch = try await end(server, try await batch(server, of: lines.joined(separator: "\n")))
            #expect(batch["status"] == "failed" && batch["output_file_id"]?.isNull == true)
            #expect(batch["errors"]?["data"]?.array?.map { $0["line"]?.integer } == [2, 3, 4])
            let long = try await end(
                server, try await self.batch(server, of: (0..<6).map { Self.line($0) }.joined(separator: "\n")))
            #expect(long["errors"]?["data"]?[0]?["message"]?.string?.contains("5 lines") == true)
            let none = try await end(server, try await self.batch(server, of: "\n"))
            #expect(none["status"] == "failed")
            for body in [
                #"{"input_file_id": "a", "endpoint": "/v1/chat/completions", "completion_window": "24h"}"#,
                #"{"input_file_id": "a", "endpoint": "/v1/other", "completion_window": "24h"}"#,
                #"{"input_file_id": "a", "endpoint": "/v1/chat/completions", "completion_window": "1h"}"#,
            ] {
                #expect(try await server.probe.ask("POST", "/v1/batches", body: body).status == 400)
            }
        }
    }

    /// A server that ends while a batch is under way leaves rows on the disk; the next asks only for the others, and the bytes are those of a
    /// server that nobody ended.
    @Test func aBatchIsGoneOnWithByTheNextServer() async throws {
        let text = (0..<300).map { Self.line($0) }.joined(separator: "\n")
        func output(interrupted: Bool) async throws -> String {
            let folder = try TemporaryFolder()
            var id = ""
            if interrupted {
                let files = try BatchQueue(folder: folder.path, limits: .init(concurrency: 2))
                try await ServingServer.run(files: files) { server async throws in
                    id = try await batch(server, of: text)
                    while try await get(server, "/v1/batches/\(id)")["request_counts"]?["completed"]?.integer ?? 0 < 5 {
                        try await Task.sleep(for: .milliseconds(5))
                    }
                }
                let record = try String(contentsOfFile: "\(folder.path)/\(id).json", encoding: .utf8)
                #expect(record.contains("in_progress"))
                #expect(FileManager.default.fileExists(atPath: "\(folder.path)/\(id).rows"))
            }
            let files = try BatchQueue(folder: folder.path)
            var bytes = ""
            try await ServingServer.run(files: files) { server async throws in
                if !interrupted { id = try await batch(server, of: text) }
                let batch = try await end(server, id)
                #expect(batch["request_counts"]?["completed"] == 300, "\(batch)")
                bytes = try await server.probe.ask(
                    "GET", "/v1/files/\(batch["output_file_id"]?.string ?? "")/content"
                ).text
            }
            return bytes
        }
        let whole = try await output(interrupted: false)
        #expect(whole.split(separator: "\n").count == 300)
        #expect(try await output(interrupted: true) == whole)
    }

    @Test func aBatchCanBeCancelledAndItsFileIsKeptMeanwhile() async throws {
        let folder = try TemporaryFolder()
        let files = try BatchQueue(folder: folder.path, limits: .init(concurrency: 1))
        try await ServingServer.run(files: files) { server async throws in
            let id = try await batch(
                server, of: (0..<2000).map { Self.line($0, #", "ignored": null"#) }.joined(separator: "\n"))
            let input = try await get(server, "/v1/batches/\(id)")["input_file_id"]?.string ?? ""
            #expect(try await server.probe.ask("DELETE", "/v1/files/\(input)").status == 409)
            let cancelling = try await server.json("/v1/batches/\(id)/cancel", [:])
            #expect(["cancelling", "cancelled"].contains(cancelling["status"]?.string))
            let batch = try await end(server, id)
            #expect(batch["status"] == "cancelled" && batch["cancelled_at"] == 1234)
            #expect((batch["request_counts"]?["completed"]?.integer ?? 2000) < 2000)
            #expect(try await server.probe.ask("DELETE", "/v1/files/\(input)").status == 200)
        }
    }

    @Test func whatIsOfOneKeyIsOfNoOther() async throws {
        let keys = try KeyRing([(name: "ada", key: "0123456789abcdef"), (name: "bob", key: "fedcba9876543210")])
        let folder = try TemporaryFolder()
        try await ServingServer.run(access: .keys(keys), files: try BatchQueue(folder: folder.path)) {
            server async throws in
            let ada = [(name: "Authorization", value: "Bearer 0123456789abcdef")]
            let bob = [(name: "Authorization", value: "Bearer fedcba9876543210")]
            let id = try json(try await upload(server, "a", headers: ada))["id"]?.string ?? ""
            for path in ["/v1/files/\(id)", "/v1/files/\(id)/content"] {
                #expect(try await server.probe.ask("GET", path, headers: ada).status == 200)
                #expect(try await server.probe.ask("GET", path, headers: bob).status == 404)
            }
            let list = try json(try await server.probe.ask("GET", "/v1/files", headers: bob))
            #expect(list["data"] == [])
            #expect(try await server.probe.ask("DELETE", "/v1/files/\(id)", headers: bob).status == 404)
        }
    }

    @Test func oneFolderIsOneServers() throws {
        let folder = try TemporaryFolder()
        let files = try BatchQueue(folder: folder.path)
        #expect(throws: FileError.self) { try BatchQueue(folder: folder.path) }
        withExtendedLifetime(files) {}
    }
}
