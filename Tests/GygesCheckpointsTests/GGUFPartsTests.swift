import GygesCheckpoints
import GygesFiles
import GygesTestSupport
import Testing

/// Models in several files, older versions, arrays of one number a layer, and llama.cpp's rules for stretched positions.
@Suite struct GGUFPartsTests {
    /// The tiny Llama in `count` files, its tensors dealt out one after another.
    static func split(_ count: Int) -> [GGUFBuilder] {
        let whole = GGUFBuilder.tinyLlama
        return (0..<count).map { part in
            var builder = GGUFBuilder()
            if part == 0 { builder.entries = whole.entries }
            builder.set("split.no", .uint32(UInt32(part)))
            builder.set("split.count", .uint32(UInt32(count)))
            builder.set("split.tensors.count", .uint32(UInt32(whole.tensors.count)))
            let share = (whole.tensors.count + count - 1) / count
            builder.tensors = Array(whole.tensors.dropFirst(part * share).prefix(share))
            return builder
        }
    }

    static func name(_ part: Int, of count: Int) -> String { "m-0000\(part)-of-0000\(count).gguf" }

    @Test func allPartsAreOneModel() throws {
        let folder = try TemporaryFolder()
        let parts = Self.split(3)
        for (index, part) in parts.enumerated() { try folder.write(part.bytes, to: Self.name(index + 1, of: 3)) }
        let whole = try GGUFFile(path: folder.write(GGUFBuilder.tinyLlama.bytes, to: "whole.gguf"))
        // Any part stands for all.
        for number in 1...3 {
            let file = try GGUFFile(path: folder.path + "/" + Self.name(number, of: 3))
            #expect(file.files.count == 3 && file.path.hasSuffix(Self.name(1, of: 3)))
            #expect(file.tensors.map(\.name) == whole.tensors.map(\.name))
            for tensor in file.tensors {
                let other = try #require(whole.tensor(named: tensor.name))
                #expect(tensor.shape == other.shape && file.bytes(of: tensor).elementsEqual(whole.bytes(of: other)))
            }
            #expect(try CausalModelConfiguration(gguf: file) == CausalModelConfiguration(gguf: whole))
        }
        let inspection = try CheckpointInspection(path: folder.path + "/" + Self.name(1, of: 3))
        #expect(inspection.format == "GGUF version 3, 3 parts" && inspection.files.count == 3)
        #expect(inspection.tensors.count == whole.tensors.count && inspection.unknownKeys.isEmpty)
    }

    @Test(
        "What is wrong with the parts is said by their names",
        arguments: [
            ([2], "m-00002-of-00003.gguf is missing"), ([2, 3], "m-00003-of-00003.gguf is missing"),
            ([1], "first part m-00001-of-00003.gguf is missing"),
        ])
    func missingParts(missing: [Int], mention: String) throws {
        let folder = try TemporaryFolder()
        for (index, part) in Self.split(3).enumerated() where !missing.contains(index + 1) {
            try folder.write(part.bytes, to: Self.name(index + 1, of: 3))
        }
        let given = folder.path + "/" + Self.name(missing == [1] ? 2 : 1, of: 3)
        let error = try #require(throws: FileError.self) { try GGUFFile(path: given) }
        #expect(error.description.contains(mention) && error.remedy.contains("all 3 parts"), "\(error)")
    }

    @Test func partsOfAnotherModelAreRefused() throws {
        func refusal(_ change: (inout [GGUFBuilder]) -> Void, name: String? = nil) throws -> String {
            let folder = try TemporaryFolder()
            var parts = Self.split(2)
            change(&parts)
            for (index, part) in parts.enumerated() { try folder.write(part.bytes, to: Self.name(index + 1, of: 2)) }
            let path =
                try name.map { try folder.write(parts[0].bytes, to: $0) } ?? folder.path + "/" + Self.name(1, of: 2)
            return try #require(throws: FileError.self) { try GGUFFile(path: path) }.description
        }
        #expect(try refusal { $0[1].set("split.no", .uint32(0)) }.contains("is not part 2 of 2"))
        #expect(try refusal { $0[1].set("split.count", .uint32(7)) }.contains("is not part 2 of 2"))
        #expect(try refusal { $0[1].tensors.removeLast() }.contains("are expected"))
        #expect(try refusal { $0[1].tensors.append($0[0].tensors[0]) }.contains("stands in two parts"))
        #expect(try refusal { $0[0].set("split.count", .string("two")) }.contains("split.count"))
        #expect(try refusal({ _ in }, name: "renamed.gguf").contains("-00001-of-"))
        #expect(try refusal({ $0[1].cut = 40 }).contains("m-00002-of-00002.gguf"))
    }

    @Test func partNamesAreReadExactly() {
        let name = SplitFileName("a/b-00002-of-00010.gguf")
        #expect(name?.stem == "a/b" && name?.part == 2 && name?.count == 10)
        #expect(name?.path(ofPart: 10) == "a/b-00010-of-00010.gguf")
        for other in [
            "b.gguf", "b-00011-of-00010.gguf", "b-00000-of-00010.gguf", "b-0001-of-00010.gguf", "b-00001-of-00010.bin",
            "b-0000a-of-00010.gguf", "-00001-of-0001.gguf",
        ] { #expect(SplitFileName(other) == nil, "\(other)") }
    }

    static func configuration(_ change: (inout GGUFBuilder) -> Void) throws -> CausalModelConfiguration {
        var builder = GGUFBuilder.tinyLlama
        change(&builder)
        let folder = try TemporaryFolder()
        return try CausalModelConfiguration(gguf: GGUFFile(path: folder.write(builder.bytes, to: "a.gguf")))
    }

    @Test func version2IsReadAsVersion3() throws {
        let third = try Self.configuration { _ in }
        #expect(try Self.configuration { $0.version = 2 } == third)
        for version in [1, 4] as [UInt32] {
            let error = try #require(throws: FileError.self) { try Self.configuration { $0.version = version } }
            #expect(error.description.contains("versions 2 and 3"))
        }
    }

    @Test func arraysOfOneNumberALayerAreThatNumber() throws {
        let plain = try Self.configuration { _ in }
        for key in ["attention.head_count", "attention.head_count_kv", "feed_forward_length"] {
            let value: Int32 = key == "feed_forward_length" ? 64 : key == "attention.head_count" ? 2 : 1
            #expect(try Self.configuration { $0.set("llama." + key, .int32s([value, value])) } == plain, "\(key)")
            let error = try #require(throws: FileError.self) {
                try Self.configuration { $0.set("llama." + key, .int32s([value, 4, 8])) }
            }
            #expect(error.description.contains("\(key) differs between the layers (\(value), 4, 8)"), "\(error)")
        }
        let empty = try #require(throws: FileError.self) {
            try Self.configuration { $0.set("llama.attention.head_count_kv", .int32s([])) }
        }
        #expect(empty.description.contains("head_count_kv is not an integer"))
    }

    @Test(
        "Stretched positions follow llama.cpp",
        arguments: [
            ([("rope.scaling.factor", 4)], .linear(factor: 4)),
            ([("rope.scale_linear", 2)], .linear(factor: 2)),
            ([("rope.scaling.factor", 4), ("rope.scale_linear", 2)], .linear(factor: 4)),
            ([("rope.scaling.factor", 0)], .none), ([("rope.scaling.factor", 1)], .none), ([], .none),
        ] as [([(String, Float)], RopeScaling)])
    func scalings(settings: [(String, Float)], scaling: RopeScaling) throws {
        func read(type: String?) throws -> RopeScaling {
            try Self.configuration { builder in
                for (key, value) in settings { builder.set("llama." + key, .float32(value)) }
                if let type { builder.set("llama.rope.scaling.type", .string(type)) }
            }.ropeScaling
        }
        #expect(try read(type: nil) == scaling && read(type: "linear") == scaling)
        #expect(try read(type: "none") == .none)
    }
}
