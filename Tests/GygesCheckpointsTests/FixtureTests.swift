import GygesCheckpoints
import GygesFiles
import Foundation
import GygesTestSupport
import Testing

/// Files that the formats' own packages wrote (`scripts/fixtures/make_checkpoints.py`).
@Suite struct FixtureTests {
    static func path(_ name: String) throws -> String {
        try #require(Bundle.module.path(forResource: "Fixtures/" + name, ofType: nil))
    }

    static func expected(_ format: String) throws -> JSON {
        let document = try JSON.read(path: path("expected.json"))
        return try #require(document[format])
    }

    @Test("Every type of a GGUF file's metadata is read exactly")
    func ggufMetadata() throws {
        let file = try GGUFFile(path: Self.path("sample.gguf"))
        let integers = [
            "uint8": 200, "int8": -100, "uint16": 60_000, "int16": -30_000, "uint32": 4_000_000_000,
            "int32": -2_000_000_000, "int64": -(1 << 62),
        ]
        for (type, value) in integers { #expect(file.metadata["t." + type]?.integer == value, "\(type)") }
        // Above Int.max: not an Int, but a number.
        #expect(file.metadata["t.uint64"]?.integer == nil)
        #expect(file.metadata["t.uint64"]?.double == 0x1p63)
        #expect(file.metadata["t.float32"]?.double == 0.5 && file.metadata["t.float64"]?.double == 1e-300)
        #expect(file.metadata["t.bool"]?.bool == true && file.metadata["t.string"]?.string == "γύγης 🧿")
        #expect(file.metadata["t.strings"]?.array?.strings() == ["", "a", "ö"])
        #expect(file.metadata["t.numbers"]?.array?.integers() == [1, -2, 3])
        #expect(file.keys.first == "general.architecture")
    }

    @Test("A GGUF file's tensors have their shapes and bytes")
    func ggufTensors() throws {
        let file = try GGUFFile(path: Self.path("sample.gguf"))
        let expected = try #require(try Self.expected("gguf").object)
        #expect(file.tensors.map(\.name) == expected.keys)
        #expect(file.tensors.map(\.type) == [.f32, .f16, .q8_0, .q4_0])
        for tensor in file.tensors {
            #expect(tensor.shape == expected[tensor.name]?["shape"]?.array?.compactMap(\.integer))
            #expect(Digest.sha256(file.bytes(of: tensor)) == expected[tensor.name]?["sha256"]?.string)
            #expect(file.tensor(named: tensor.name)?.byteRange == tensor.byteRange)
        }
        #expect(file.tensor(named: "none") == nil)
    }

    @Test("A safetensors file's tensors have their shapes and bytes, empty ones and scalars too")
    func safetensors() throws {
        let file = try SafetensorsFile(path: Self.path("sample.safetensors"))
        let expected = try #require(try Self.expected("safetensors").object)
        #expect(Set(file.tensors.map(\.name)) == Set(expected.keys))
        #expect(file.metadata == ["format": "np", "note": "ä"])
        for tensor in file.tensors {
            #expect(tensor.shape == expected[tensor.name]?["shape"]?.array?.compactMap(\.integer), "\(tensor.name)")
            #expect(Digest.sha256(file.bytes(of: tensor)) == expected[tensor.name]?["sha256"]?.string)
        }
    }

    @Test("Shards are found by their index and hold what it says")
    func shards() throws {
        let files = try ModelFolder(path: Self.path("sharded")).weights()
        #expect(files.map { Set($0.tensors.map(\.name)) } == [["weight", "half"], ["integers"]])
    }

    @Test("What the writer writes, the reader and the reference read")
    func safetensorsRoundTrip() throws {
        let folder = try TemporaryFolder()
        let tensors = [
            SafetensorsWriter.Tensor(name: "b", type: .i16, shape: [3], bytes: [1, 0, 2, 0, 3, 0]),
            SafetensorsWriter.Tensor(name: "a ü", type: .u8, shape: [2, 1], bytes: [7, 8]),
        ]
        try SafetensorsWriter.write(tensors, metadata: [("k", "v")], to: folder.path + "/x.safetensors")
        let file = try SafetensorsFile(path: folder.path + "/x.safetensors")
        #expect(file.metadata == ["k": "v"])
        #expect(file.tensors.map(\.name) == ["b", "a ü"] && file.tensors.map(\.shape) == [[3], [2, 1]])
        #expect(file.tensors.map { Array(file.bytes(of: $0)) } == tensors.map(\.bytes))
    }

    @Test("An inspection gathers files, metadata, tensors and parameters of either format")
    func inspects() throws {
        for name in ["sample.gguf", "sample.safetensors"] {
            var inspection = try CheckpointInspection(path: Self.path(name))
            #expect(inspection.files.map(\.path) == [try Self.path(name)] && !inspection.tensors.isEmpty)
            #expect(inspection.parameterCount == inspection.tensors.reduce(0) { $0 + $1.shape.reduce(1, *) })
            #expect(inspection.files[0].sha256 == nil)
            try inspection.computeDigests { _, _, _ in }
            #expect(inspection.files[0].sha256 == (try Digest.sha256(file: Self.path(name))))
            #expect(inspection.json["files"]?[0]?["bytes"]?.integer == inspection.files[0].byteCount)
        }
    }
}
