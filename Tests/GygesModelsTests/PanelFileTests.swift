import GygesCheckpoints
import GygesFiles
import Foundation
import GygesKernels
import GygesModels
import GygesTestSupport
import Synchronization
import Testing

/// Packed weights that are kept between runs.
@Suite struct PanelFileTests {
    @Test(arguments: DecoderParityTests.names, [MatmulPrecision.fast, .exact, .bfloat16])
    func aKeptCopyGivesTheSameBits(name: String, precision: MatmulPrecision) throws {
        try withTemporaryFolder { folder in
            let plain = try logits(fixture(name), nil, precision)
            #expect(try logits(fixture(name), folder, precision) == plain)
            let made = try panelFiles(folder)
            try #require(made.count == 1)
            #expect(try logits(fixture(name), folder, precision) == plain)
            #expect(try panelFiles(folder) == made, "the copy must be used, not made again")
        }
    }

    @Test func aGGUFFileIsKeptToo() throws {
        try withTemporaryFolder { folder in
            let path = try fixture("qwen2-moe") + "/model.gguf"
            let results = try [nil, folder, folder].map { folder in
                let team = ThreadTeam(threadCount: 2)
                let model = try DecoderModel(gguf: GGUFFile(path: path), packing: Packing(folder: folder), team: team)
                return DecoderRunner(model: model, team: team).run(Self.tokens).logits
            }
            #expect(results[1] == results[0])
            #expect(results[2] == results[0])
            #expect(try panelFiles(folder).count == 1)
        }
    }

    @Test("Loading tells how far it is: packing in memory and into a file, and reading a kept copy")
    func tellsProgress() throws {
        try withTemporaryFolder { folder in
            for (keeps, work) in [(nil, LoadingProgress.Work.packing), (folder, .packing), (folder, .reading)] {
                let told = Mutex<[LoadingProgress]>([])
                let packing = Packing(folder: keeps) { progress in told.withLock { $0.append(progress) } }
                _ = try DecoderModel(
                    gguf: GGUFFile(path: fixture("qwen2-moe") + "/model.gguf"), packing: packing,
                    team: ThreadTeam(threadCount: 1))
                let progress = told.withLock { $0 }
                #expect(!progress.isEmpty && progress.allSatisfy { $0.work == work })
                #expect(progress.map(\.byteCount) == progress.map(\.byteCount).sorted())
                #expect(progress.last?.byteCount == progress.last?.totalByteCount)
            }
        }
    }

    /// What may happen to a file between two runs.
    static let damages: [(name: String, damage: @Sendable (inout [UInt8]) -> Void)] = [
        ("first bit", { $0[0] ^= 1 }),
        ("a bit in the middle", { $0[$0.count / 2] ^= 0x80 }),
        ("a checksum", { $0[$0.count - 70] ^= 1 }),
        ("key of another version or model", { $0[$0.count - 64] ^= 1 }),
        ("last bit", { $0[$0.count - 1] ^= 1 }),
        ("cut off", { $0.removeLast() }),
        ("half written", { $0.replaceSubrange($0.count / 2..<$0.count, with: repeatElement(0, count: $0.count / 2)) }),
        ("too long", { $0.append(0) }),
        ("empty", { $0 = [] }),
        ("something else", { $0 = Array("a note".utf8) }),
    ]

    @Test(arguments: damages.indices)
    func aDamagedCopyIsMadeAgain(index: Int) throws {
        let (name, damage) = Self.damages[index]
        try withTemporaryFolder { folder in
            let plain = try logits(fixture("qwen2-tied"), folder)
            let path = try #require(try panelFiles(folder).keys.first)
            let sound = try MappedFile.read(path: path)
            var bytes = sound
            damage(&bytes)
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            #expect(try logits(fixture("qwen2-tied"), folder) == plain, "\(name)")
            #expect(try MappedFile.read(path: path) == sound, "\(name): must be mended")
        }
    }

    @Test func aSourceThatChangedReplacesItsCopy() throws {
        try withTemporaryFolder { folder in
            let source = folder + "/model"
            try FileManager.default.copyItem(atPath: fixture("qwen2-tied"), toPath: source)
            let plain = try logits(source, folder)
            let first = try panelFiles(folder)
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1000)], ofItemAtPath: source + "/model.safetensors")
            #expect(try logits(source, folder) == plain)
            let second = try panelFiles(folder)
            #expect(second.keys == first.keys)
            #expect(second != first)
        }
    }

    /// Tools that set all times alike must not make one model pass for another.
    @Test func aModelOfTheSameShapeSizeAndTimeIsNotMistaken() throws {
        try withTemporaryFolder { folder in
            let (one, other) = (folder + "/one", folder + "/other")
            for source in [one, other] {
                try FileManager.default.copyItem(atPath: fixture("qwen2-tied"), toPath: source)
                if source == other {
                    var bytes = try MappedFile.read(path: source + "/model.safetensors")
                    let name = "model.layers.1.mlp.up_proj.weight"
                    let tensor = try #require(
                        try SafetensorsFile(path: source + "/model.safetensors").tensors.first { $0.name == name })
                    bytes[tensor.byteRange.upperBound - 2] ^= 0x10
                    try Data(bytes).write(to: URL(fileURLWithPath: source + "/model.safetensors"))
                }
                try FileManager.default.setAttributes(
                    [.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: source + "/model.safetensors")
            }
            _ = try logits(one, folder)
            #expect(try logits(other, folder) == logits(other, nil))
            #expect(try panelFiles(folder).count == 2)
        }
    }

    @Test func aFolderThatCannotBeUsedOnlyCostsTime() throws {
        try withTemporaryFolder { folder in
            let plain = try logits(fixture("qwen2-tied"), nil)
            try Data().write(to: URL(fileURLWithPath: folder + "/file"))
            #expect(try logits(fixture("qwen2-tied"), folder + "/file/packed") == plain)
            #expect(try logits(fixture("qwen2-tied"), "/proc/nowhere") == plain)
        }
    }

    @Test func onlyOneWritesAtATime() async throws {
        try await withTemporaryFolder { folder in
            let plain = try logits(fixture("qwen2-tied"), nil)
            let lock = open(folder + "/lock", O_RDWR | O_CREAT, 0o644)
            #expect(flock(lock, LOCK_EX | LOCK_NB) == 0)
            #expect(try logits(fixture("qwen2-tied"), folder) == plain)
            #expect(try panelFiles(folder).isEmpty)
            close(lock)

            let path = try fixture("qwen2-tied")
            try await withThrowingTaskGroup(of: [Float].self) { group in
                for _ in 0..<6 { group.addTask { try logits(path, folder) } }
                for try await result in group { #expect(result == plain) }
            }
            #expect(try panelFiles(folder).count == 1)
        }
    }

    @Test func whatAKilledWriterLeftIsRemoved() throws {
        try withTemporaryFolder { folder in
            let left = folder + "/0123.panels.77-x.tmp"
            try Data([1, 2, 3]).write(to: URL(fileURLWithPath: left))
            _ = try logits(fixture("qwen2-tied"), folder)
            #expect(!FileManager.default.fileExists(atPath: left))
        }
    }

    // MARK: - Shared

    fileprivate static let tokens = (0..<70).map { Int32($0 * 37 % 61) }
}

private func logits(
    _ source: String, _ folder: String?, _ precision: MatmulPrecision = .fast
) throws -> [Float] {
    let team = ThreadTeam(threadCount: 2)
    let model = try DecoderModel(
        folder: ModelFolder(path: source), precision: precision, packing: Packing(folder: folder), team: team)
    return DecoderRunner(model: model, team: team).run(PanelFileTests.tokens).logits
}

/// The files of packed weights, each with a number that is another's when it is written again.
private func panelFiles(_ folder: String) throws -> [String: UInt64] {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".panels") }
    return Dictionary(
        uniqueKeysWithValues: try names.map { name in
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
            return ("\(folder)/\(name)", (attributes[.systemFileNumber] as? NSNumber)?.uint64Value ?? 0)
        })
}
