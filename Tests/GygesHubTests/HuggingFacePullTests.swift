import Foundation
import GygesFiles
import Testing

@testable import GygesHub

@Suite(.enabled(if: isInstalled("python3")))
struct HuggingFacePullTests {
    private static let weights = [UInt8]((0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31 / 5) })
    private static let repository: [String: [UInt8]] = [
        "config.json": Array("{}".utf8), "tokenizer.json": Array("{\"version\":\"1.0\"}".utf8),
        "model.safetensors": weights, "pytorch_model.bin": [1, 2, 3], "onnx/model.json": [1], "README.md": [1],
    ]

    private func reference(_ text: String) throws -> ModelReference { try ModelReference(text) }

    private func read(_ path: String) throws -> [UInt8] { try Array(Data(contentsOf: URL(fileURLWithPath: path))) }

    @Test func `A repository is fetched without pickles and subfolders, and found without the network`() async throws {
        let server = try FakeModelHub(files: Self.repository)
        let hub = try server.hub()
        let model = try reference("hf:someone/tiny")
        #expect(throws: FileError.self) { try hub.locate(model) }
        let pulled = try await hub.pull(model)
        #expect(!pulled.wasPresent)
        let names = try FileManager.default.contentsOfDirectory(atPath: pulled.path).sorted()
        #expect(names == ["config.json", "model.safetensors", "tokenizer.json"])
        #expect(try read(pulled.path + "/model.safetensors") == Self.weights)
        #expect(try hub.locate(model) == pulled.path)
        let requestCount = try server.requests.count
        #expect(try await hub.pull(model).wasPresent)
        #expect(try server.requests.count == requestCount)
    }

    @Test func `A model in several GGUF files is fetched whole by any of them, and is its first`() async throws {
        let names = (1...3).map { "m-0000\($0)-of-00003.gguf" }
        var files = Dictionary(uniqueKeysWithValues: names.map { ($0, Array($0.utf8)) })
        files["README.md"] = [1]
        for text in ["hf:someone/tiny", "hf:someone/tiny:\(names[1])"] {
            let server = try FakeModelHub(files: files)
            let hub = try server.hub()
            let pulled = try await hub.pull(try reference(text))
            #expect(pulled.path.hasSuffix("/" + names[0]), "\(text): \(pulled.path)")
            for name in names {
                #expect(try read((pulled.path as NSString).deletingLastPathComponent + "/" + name) == files[name])
            }
            #expect(try hub.locate(try reference(text)) == pulled.path)
        }
        files[names[2]] = nil
        let server = try FakeModelHub(files: files)
        let error = await #expect(throws: FileError.self) {
            try await server.hub().pull(try reference("hf:someone/tiny:\(names[0])"))
        }
        #expect(error?.description.contains("lacks parts of the model: m-00003-of-00003.gguf") ?? false)
    }

    @Test func `Modules in numbered folders come with their model`() async throws {
        var files = Self.repository
        for name in ["modules.json", "1_Pooling/config.json", "2_Dense/model.safetensors", "2_Dense/pytorch_model.bin"]
        {
            files[name] = Array(name.utf8)
        }
        let server = try FakeModelHub(files: files)
        defer { withExtendedLifetime(server) {} }
        let pulled = try await server.hub().pull(try reference("hf:someone/tiny"))
        #expect(try read(pulled.path + "/1_Pooling/config.json") == Array("1_Pooling/config.json".utf8))
        let names = try FileManager.default.subpathsOfDirectory(atPath: pulled.path)
        #expect(names.contains("2_Dense/model.safetensors") && !names.contains("2_Dense/pytorch_model.bin"))
        #expect(!names.contains("onnx"))
    }

    @Test func `A single file is fetched alone`() async throws {
        let server = try FakeModelHub(files: ["q4/model.gguf": Self.weights, "other.gguf": [1]])
        let hub = try server.hub()
        let model = try reference("hf:someone/tiny@v1:q4/model.gguf")
        let pulled = try await hub.pull(model)
        #expect(pulled.path.hasSuffix("/q4/model.gguf"))
        #expect(try read(pulled.path) == Self.weights)
        #expect(try hub.locate(model) == pulled.path)
        #expect(throws: FileError.self) { try hub.locate(reference("hf:someone/tiny@v1")) }
    }

    @Test func `A download goes on behind what is in place`() async throws {
        let server = try FakeModelHub(files: ["model.gguf": Self.weights])
        let hub = try server.hub()
        let text = "hf:someone/tiny:model.gguf"
        guard case .huggingFace(let repository) = try reference(text) else { return }
        let environment = ["HF_ENDPOINT": server.address()]
        var source = try HuggingFaceHub(environment: environment)
        source.chunkByteCount = 40_000
        let file = try #require(try await source.listing(of: repository).siblings.first)
        let digest = try #require(file.digest)
        do {
            var partial = try PartialFile.open(
                in: hub.cache.partialFolder(of: digest), expecting: digest, byteCount: Self.weights.count)
            try Self.weights[..<30_000].withUnsafeBytes { try partial.append($0) }
            try partial.commitPart()
        }
        let path = hub.cache.path + "/model.gguf"
        try await source.download(
            file, of: repository, commit: "0123456789abcdef0123456789abcdef01234567", to: path, cache: hub.cache
        ) { _ in }
        #expect(try read(path) == Self.weights)
        #expect(try server.requests == ["model.gguf 30000-69999", "model.gguf 70000-99999"])
    }

    @Test func `A busy server is asked again`() async throws {
        let server = try FakeModelHub(files: ["model.gguf": Self.weights])
        let pulled = try await server.hub(.flaky).pull(reference("hf:someone/tiny"))
        #expect(try read(pulled.path) == Self.weights)
    }

    @Test func `A damaged file is refused and not kept`() async throws {
        let server = try FakeModelHub(files: ["model.gguf": Self.weights])
        let hub = try server.hub(.corrupt)
        let model = try reference("hf:someone/tiny")
        let error = await #expect(throws: FileError.self) { try await hub.pull(model) }
        #expect(error?.problems.first?.contains("instead of") == true)
        #expect(throws: FileError.self) { try hub.locate(model) }
        // Nothing of it stands in the way of a sound copy.
        #expect(try await !server.hub().pull(model).wasPresent)
    }

    @Test func `A server that ignores ranges serves small files, but cannot resume`() async throws {
        let server = try FakeModelHub(files: ["model.gguf": Self.weights])
        let pulled = try await server.hub(.rangeless).pull(reference("hf:someone/tiny"))
        #expect(try read(pulled.path) == Self.weights)
    }

    @Test func `A server that sends without end is cut off`() async throws {
        let server = try FakeModelHub(files: ["model.gguf": Self.weights])
        let error = await #expect(throws: FileError.self) {
            try await server.hub(.endless).pull(reference("hf:someone/tiny"))
        }
        #expect(error?.problems.first?.contains("more than") == true)
    }

    @Test func `A gated repository asks for a token, and takes it`() async throws {
        let server = try FakeModelHub(files: ["model.gguf": Self.weights])
        let model = try reference("hf:someone/tiny")
        let error = await #expect(throws: FileError.self) { try await server.hub(.gated).pull(model) }
        #expect(error?.remedy.contains("HF_TOKEN") == true)
        #expect(try await !server.hub(.gated, token: "secret").pull(model).wasPresent)
    }

    @Test func `An unknown repository or file says so`() async throws {
        let server = try FakeModelHub(files: Self.repository)
        let hub = try server.hub()
        let repository = await #expect(throws: FileError.self) { try await hub.pull(reference("hf:someone/else")) }
        #expect(repository?.problems == ["does not exist (status 404)"])
        let file = await #expect(throws: FileError.self) { try await hub.pull(reference("hf:someone/tiny:x.gguf")) }
        #expect(file?.problems == ["the repository has no file x.gguf"])
    }

    @Test(arguments: ["hf:someone/tiny:pytorch_model.bin", "hf:someone/tiny"])
    func `Pickles are refused`(text: String) async throws {
        let server = try FakeModelHub(files: ["config.json": [1], "pytorch_model.bin": [1]])
        let error = await #expect(throws: FileError.self) { try await server.hub().pull(reference(text)) }
        #expect(error?.problems.first?.contains("run code") == true)
    }

    @Test func `Several GGUF files are a question, not a guess`() async throws {
        let server = try FakeModelHub(files: ["a.gguf": [1], "b.gguf": [1]])
        let error = await #expect(throws: FileError.self) { try await server.hub().pull(reference("hf:someone/tiny")) }
        #expect(error?.remedy.contains("a.gguf") == true)
    }

    @Test func `A listing with names that are not plain is refused`() async throws {
        let server = try FakeModelHub(files: Self.repository)
        let error = await #expect(throws: FileError.self) {
            try await server.hub(.hostile).pull(reference("hf:someone/tiny"))
        }
        #expect(error?.problems.contains("..evil.json is not a plain file name") == true)
    }
}
