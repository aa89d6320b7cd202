import Foundation
import GygesClient
import GygesFiles
import GygesTestSupport
import Testing

@testable import GygesHub

@Suite struct ModelReferenceTests {
    @Test func `A catalogue name, a file and a folder are told apart`() throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/model.gguf"
        try Data("x".utf8).write(to: URL(fileURLWithPath: file))
        #expect(try ModelReference(file) == .file(path: file))
        #expect(try ModelReference(folder.path) == .folder(path: folder.path))
        let entry = try #require(Catalogue.standard["smollm2-135m-instruct"])
        #expect(try ModelReference("smollm2-135m-instruct") == .catalogue(entry))
    }

    @Test(arguments: [
        ("hf:Qwen/Qwen2.5-0.5B", "main", nil),
        ("hf:Qwen/Qwen2.5-0.5B@refs/pr/1", "refs/pr/1", nil),
        ("hf:Qwen/Qwen2.5-0.5B:model.gguf", "main", "model.gguf"),
        ("hf:Qwen/Qwen2.5-0.5B@v1.0:q4/model.gguf", "v1.0", "q4/model.gguf"),
    ])
    func `A repository may have a revision and a file`(text: String, revision: String, file: String?) throws {
        guard case .huggingFace(let reference) = try ModelReference(text) else {
            Issue.record("\(text) is not taken as a repository")
            return
        }
        #expect(reference.owner == "Qwen" && reference.name == "Qwen2.5-0.5B")
        #expect(reference.revision == revision && reference.file == file)
        #expect(reference.description == text)
    }

    @Test(arguments: [
        "hf:", "hf:Qwen", "hf:Qwen/", "hf:/x", "hf:a/b/c", "hf:../b", "hf:a/..", "hf:a/b:../../etc/passwd",
        "hf:a/b:/etc",
        "hf:a/b@", "hf:a/b:", "hf:a b/c", "hf:a/b@../x", "hf:a/b%2f..",
    ])
    func `References that could leave their folder, or lack a piece, are refused`(text: String) {
        let error = #expect(throws: FileError.self) { try ModelReference(text) }
        #expect(error?.remedy.contains("hf:OWNER/NAME") == true)
    }

    @Test func `An endpoint needs a host and a model's name`() throws {
        guard case .endpoint(let endpoint) = try ModelReference("http://localhost:8080/v1#qwen") else {
            Issue.record("not taken as an endpoint")
            return
        }
        #expect(endpoint.base == "http://localhost:8080/v1" && endpoint.model == "qwen")
        for text in ["http://localhost:8080/v1", "http://localhost/v1#", "https://#qwen"] {
            #expect(throws: FileError.self) { try ModelReference(text) }
        }
    }

    @Test(arguments: ["", "no-such-model", "/no/such/file.gguf"])
    func `What is nothing is an error that lists the catalogue`(text: String) {
        let error = #expect(throws: FileError.self) { try ModelReference(text) }
        #expect(error?.remedy.contains("smollm2-135m-instruct") == true)
    }
}
