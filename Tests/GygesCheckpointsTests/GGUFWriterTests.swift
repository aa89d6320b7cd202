import GygesFiles
import GygesTestSupport
import Testing

@testable import GygesCheckpoints

@Suite struct GGUFWriterTests {
    @Test func whatIsWrittenIsRead() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/model.gguf"
        let floats: [Float] = [1, -2, 3.5, .infinity, 5, 6]
        try GGUFWriter.write(
            entries: [
                GGUFWriter.entry("general.architecture", "qwen2"), GGUFWriter.entry("a.count", UInt32(7)),
                GGUFWriter.entry("a.base", Float(10000)),
            ],
            tensors: [
                .init(name: "x.weight", type: .f32, shape: [2, 3]), .init(name: "y.weight", type: .bf16, shape: [5]),
                .init(name: "z.weight", type: .f32, shape: [1]),
            ], to: path
        ) { index, output throws(FileError) in
            switch index {
            case 0: try output.append(floats.withUnsafeBytes(Array.init))
            case 1: try output.append(Array(0..<10))
            default: try output.append([0, 0, 128, 63])
            }
        }
        let file = try GGUFFile(path: path)
        #expect(file.keys == ["general.architecture", "a.count", "a.base"])
        #expect(file.metadata["general.architecture"]?.string == "qwen2")
        #expect(file.metadata["a.count"]?.integer == 7 && file.metadata["a.base"]?.double == 10000)
        #expect(file.tensors.map(\.name) == ["x.weight", "y.weight", "z.weight"])
        #expect(file.tensors.map(\.shape) == [[2, 3], [5], [1]])
        #expect(file.tensors.map(\.type) == [.f32, .bf16, .f32])
        #expect(Array(file.bytes(of: file.tensors[0])) == floats.withUnsafeBytes(Array.init))
        #expect(Array(file.bytes(of: file.tensors[1])) == Array(0..<10))
        #expect(Array(file.bytes(of: file.tensors[2])) == [0, 0, 128, 63])
    }

    @Test func entriesAreCopiedAsTheyStand() throws {
        let folder = try TemporaryFolder()
        var builder = GGUFBuilder()
        builder.set("one", .strings(["a", "", "ü"]))
        builder.set("two", .int32s([1, -2]))
        builder.set("three", .bool(true))
        let original = try GGUFFile(path: try folder.write(builder.bytes, to: "original.gguf"))
        let path = folder.path + "/copy.gguf"
        try GGUFWriter.write(
            entries: original.keys.compactMap { original.entryBytes(of: $0).map(Array.init) }, tensors: [], to: path
        ) { _, _ in }
        let copy = try GGUFFile(path: path)
        #expect(copy.keys == original.keys)
        for key in copy.keys {
            #expect(copy.entryBytes(of: key).map(Array.init) == original.entryBytes(of: key).map(Array.init))
        }
        #expect(copy.entryBytes(of: "four") == nil)
    }
}
