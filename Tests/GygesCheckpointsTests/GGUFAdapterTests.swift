import GygesCheckpoints
import GygesFiles
import GygesTestSupport
import Testing

/// Adapters in GGUF files, as llama.cpp has them.
@Suite struct GGUFAdapterTests {
    private static func matrix(_ rows: Int, _ columns: Int, _ seed: Int) -> StoredMatrix {
        var random = Randomness(seed)
        return StoredMatrix(random.floats(rows * columns), rows: rows, columns: columns)
    }

    private static func adapter(_ settings: AdapterSettings, ranks: [Int]) -> StoredAdapter {
        var adapter = StoredAdapter(
            settings: settings, naming: .gguf,
            modules: ranks.enumerated().map { index, rank in
                .init("blk.\(index).attn_q", a: matrix(rank, 5, index), b: matrix(7, rank, 10 + index))
            })
        adapter.architecture = "qwen2"
        return adapter
    }

    private static let settings = AdapterSettings(
        rank: 4, alpha: 6, targets: .names(["blk.0.attn_q", "blk.1.attn_q"]), baseName: "tiny")

    private func written(_ adapter: StoredAdapter) throws -> StoredAdapter {
        let folder = try TemporaryFolder()
        try adapter.write(toGGUF: folder.path + "/a.gguf")
        return try StoredAdapter(path: folder.path + "/a.gguf")
    }

    @Test func whatIsWrittenIsReadBackWithTheSameBits() throws {
        let adapter = Self.adapter(Self.settings, ranks: [4, 4])
        #expect(try written(adapter) == adapter)
    }

    /// What every matrix is multiplied by stays, however it is told; and where the format's one alpha can tell it, bits stay too.
    @Test func scalesStay() throws {
        var root = Self.settings
        root.usesRootOfRank = true
        var patterns = Self.settings
        patterns.rankPatterns = [.init(try ModulePattern("blk.1.attn_q"), 2)]
        patterns.alphaPatterns = [.init(try ModulePattern("blk.0.attn_q"), 9)]
        var both = patterns
        both.usesRootOfRank = true
        for (settings, ranks) in [(root, [4, 4]), (patterns, [4, 2]), (both, [4, 2])] {
            let adapter = Self.adapter(settings, ranks: ranks)
            let read = try written(adapter)
            for (own, other) in zip(adapter.modules, read.modules) {
                #expect(own.a == other.a)
                let (wanted, given) = (settings.scale(of: own.name), read.settings.scale(of: own.name))
                // Factors of f32.
                expectClose(
                    other.b.elements.map { $0 * Float(given) }, own.b.elements.map { $0 * Float(wanted) },
                    relative: 3e-7, absolute: 0, own.name)
                if settings == root { #expect(own.b == other.b) }
            }
        }
    }

    // MARK: Files of others

    private static func file() -> GGUFBuilder {
        var file = GGUFBuilder()
        file.set("general.type", .string("adapter"))
        file.set("general.architecture", .string("llama"))
        file.set("adapter.type", .string("lora"))
        file.set("adapter.lora.alpha", .float32(8))
        file.set("adapter.lora.task_name", .string("x"))
        for (name, dimensions) in [("blk.0.ffn_up", (3, 5)), ("blk.1.ffn_up", (2, 5))] {
            file.addZeros(name + ".weight.lora_a", [dimensions.1, dimensions.0])
            file.addZeros(name + ".weight.lora_b", [dimensions.0, 6])
        }
        return file
    }

    private func read(_ file: GGUFBuilder) throws -> StoredAdapter {
        let folder = try TemporaryFolder()
        return try StoredAdapter(gguf: GGUFFile(path: folder.write(file.bytes, to: "a.gguf")))
    }

    @Test func ranksAreTheMatrices() throws {
        let adapter = try read(Self.file())
        #expect(adapter.architecture == "llama" && adapter.naming == .gguf)
        #expect(adapter.modules.map(\.name) == ["blk.0.ffn_up", "blk.1.ffn_up"])
        #expect(
            adapter.settings.scale(of: "blk.0.ffn_up") == 8.0 / 3 && adapter.settings.scale(of: "blk.1.ffn_up") == 4)
        var file = Self.file()
        // llama.cpp: without an alpha the scale is the user's.
        file.set("adapter.lora.alpha", .float32(0))
        let plain = try read(file)
        #expect(plain.modules.allSatisfy { plain.settings.scale(of: $0.name) == 1 })
    }

    @Test(
        arguments: [
            ("general.type", GGUFBuilder.Value.string("model"), "whole model"), ("general.type", nil, "whole model"),
            ("adapter.type", .string("control_vector"), "no lora"), ("adapter.lora.alpha", nil, "no number"),
            ("adapter.lora.alpha", .float32(-.infinity), "no number"), ("general.architecture", nil, "missing"),
            ("adapter.alora.invocation_tokens", .int32s([1]), "within a text"),
        ] as [(String, GGUFBuilder.Value?, String)]) func otherFilesAreRefused(
            key: String, value: GGUFBuilder.Value?, mention: String
        ) throws
    {
        var file = Self.file()
        file.set(key, value)
        let error = #expect(throws: FileError.self) { try read(file) }
        #expect(error?.description.contains(mention) ?? false, "\(error?.description ?? "")")
    }

    @Test func everyBadMatrixIsTold() throws {
        var file = Self.file()
        file.addZeros("blk.0.attn_norm.weight", [5])
        file.addZeros("blk.2.ffn_up.weight.lora_a", [5, 2])
        file.change("blk.0.ffn_up.weight.lora_a") { $0.bytes.replaceSubrange(0..<4, with: [0, 0, 0x80, 0x7F]) }
        file.change("blk.1.ffn_up.weight.lora_b") {
            $0.dimensions = [4, 3]
        }
        let error = try #require(throws: FileError.self) { try read(file) }
        for mention in ["attn_norm", "alone", "no number", "no one rank"] {
            #expect(error.description.contains(mention), "\(error)")
        }
    }

    @Test func keysMeetTheirFate() throws {
        func outcome(of file: GGUFBuilder) -> String {
            do { return "\(try read(file))" } catch let error as FileError { return "refused: \(error.problems)" } catch
            {
                return "\(error)"
            }
        }
        let before = outcome(of: Self.file())
        #expect(!before.hasPrefix("refused"), "\(before)")
        for key in KeyTable.ggufAdapter.keys {
            var changed = Self.file()
            let odd: GGUFBuilder.Value =
                key.name.hasSuffix("name")
                ? .string("odd")
                : .raw(
                    9, GGUFBuilder.bytes(UInt32(6)) + GGUFBuilder.bytes(UInt64(1)) + [0, 0, 0xC0, 0x7F])
            changed.set(key.name.replacing("*", with: "x"), odd)
            #expect((outcome(of: changed) != before) == (key.fate == .used), "\(key.name) is said to be \(key.fate)")
        }
    }
}
