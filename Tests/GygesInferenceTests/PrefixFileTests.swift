import GygesFiles
import Foundation
import GygesKernels
import GygesTestSupport
import Testing

@testable import GygesInference

/// Prefixes that are carried from one process to the next.
@Suite struct PrefixFileTests {
    static func withFile(_ body: (String) async throws -> Void) async throws {
        let temporary = try TemporaryFolder()
        let folder = URL(fileURLWithPath: temporary.path)
        try await body(folder.appendingPathComponent("prefix.kv").path)
    }

    @Test(arguments: [1, 40, 64, 65, 300])
    func resultsHaveTheSameBits(count: Int) async throws {
        let request = SchedulingTests.request(count, seed: count, tokens: 100)
        try await Self.withFile { path in
            let first = try EngineTests.load()
            let expected = try await first.engine.complete(request)
            let saved = try await first.savePrefixes(of: request.prompt, to: path)
            #expect(saved >= count)

            let second = try EngineTests.load()
            #expect(try await second.loadPrefixes(from: path) == saved)
            #expect(try await second.loadPrefixes(from: path) == 0, "all of it is known already")
            let result = try await second.engine.complete(request)
            #expect(result.tokens == expected.tokens && result.text == expected.text)
            #expect(result.reusedTokenCount == count - 1)

            let other = SchedulingTests.request(count, seed: 77, tokens: 3)
            _ = try await first.engine.complete(other)
            #expect(try await first.savePrefixes(of: request.prompt, to: path) == saved, "of this prompt alone")
            #expect(try await first.savePrefixes(to: path) > saved)
            #expect(try await second.engine.statistics().usedPageCount == 0)
        }
    }

    @Test func aTreeGoesToTheFileAndBack() async throws {
        let shared = SchedulingTests.prompt(150, seed: 1)
        let requests = (0..<9).map { index in
            GenerationRequest(
                prompt: shared.prefix(30 * index) + SchedulingTests.prompt(40 + 20 * index, seed: 10 + index),
                maximumTokenCount: 80)
        }
        try await Self.withFile { path in
            let first = try EngineTests.load()
            for request in requests { _ = try await first.engine.complete(request) }
            let saved = try await first.savePrefixes(to: path)
            let held = try await first.engine.statistics()

            // Twice, so that known pages meet those of the file.
            let second = try EngineTests.load()
            _ = try await second.engine.complete(requests[4])
            let known = try await second.engine.statistics().cachedPageCount
            #expect(known > 0)
            let added = try await second.loadPrefixes(from: path)
            #expect(added < saved && added > 0)
            let all = try await second.engine.statistics()
            #expect(all.cachedPageCount == held.cachedPageCount && all.usedPageCount == 0)
            for request in requests {
                let result = try await second.engine.complete(request)
                #expect(result.tokens == (try await first.engine.complete(request)).tokens)
                #expect(result.reusedTokenCount == request.prompt.count - 1)
            }
            try await second.engine.forgetPrefixes()
            #expect(try await second.engine.statistics().cachedPageCount == 0)
        }
    }

    @Test func noMoreIsLoadedThanFits() async throws {
        try await Self.withFile { path in
            let first = try EngineTests.load()
            let prompt = SchedulingTests.prompt(1000, seed: 1)
            let expected = try await first.engine.complete(GenerationRequest(prompt: prompt, maximumTokenCount: 2))
            try await first.savePrefixes(to: path)
            let second = try SchedulingTests.load(pages: 10)
            #expect(try await second.loadPrefixes(from: path) == 640)
            let statistics = try await second.engine.statistics()
            #expect(statistics.cachedPageCount == 10 && statistics.peakPageCount == 10)
            let third = try SchedulingTests.load(pages: 16)
            try await third.loadPrefixes(from: path)
            let result = try await third.engine.complete(GenerationRequest(prompt: prompt, maximumTokenCount: 2))
            #expect(result.tokens == expected.tokens && result.reusedTokenCount >= 900)
        }
    }

    @Test func whatWasComputedOtherwiseIsRefused() async throws {
        try await Self.withFile { path in
            let first = try EngineTests.load()
            let request = SchedulingTests.request(100, seed: 1, tokens: 1)
            _ = try await first.engine.complete(request)
            try await first.engine.savePrefixes(to: path, model: "one")
            await #expect(throws: FileError.self) { try await first.engine.loadPrefixes(from: path, model: "other") }
            let otherFormat = try EngineTests.load(options: .init(keyValueFormat: .bf16))
            do {
                try await otherFormat.engine.loadPrefixes(from: path, model: "two")
                Issue.record("a file of another format was taken")
            } catch let error as FileError {
                #expect(error.problems.count == 2, "model and format: \(error)")
            }
            await #expect(throws: FileError.self) { try await first.loadPrefixes(from: path + ".none") }
            await #expect(throws: FileError.self) {
                try await first.savePrefixes(of: request.prompt, to: "/no/such/folder/prefix.kv")
            }
        }
    }

    @Test func damageIsRefused() async throws {
        try await Self.withFile { path in
            let model = try EngineTests.load()
            _ = try await model.engine.complete(SchedulingTests.request(150, seed: 1, tokens: 1))
            try await model.engine.savePrefixes(to: path, model: "m")
            try await model.engine.forgetPrefixes()
            let whole = try MappedFile.read(path: path)
            var random = SeededNumbers(seed: 3)
            var damaged = (0..<60).map { _ in
                var bytes = whole
                bytes[random.next(in: 0...(whole.count - 1))] ^= UInt8(1 << random.next(in: 0...7))
                return bytes
            }
            damaged += (0..<80).map { place in
                var bytes = whole
                bytes[place] ^= 0x80
                return bytes
            }
            damaged += [0, 1, 8, 15, 16, 79, 80, 200, whole.count - 1].map { Array(whole.prefix($0)) }
            damaged.append(whole + [0])
            for bytes in damaged {
                try AtomicFile.write(bytes, to: path)
                await #expect(throws: FileError.self) { try await model.engine.loadPrefixes(from: path, model: "m") }
            }
            #expect(try await model.engine.statistics().cachedPageCount == 0)
            try AtomicFile.write(whole, to: path)
            #expect(try await model.engine.loadPrefixes(from: path, model: "m") > 0)
        }
    }

    /// Headers with a right digest and wrong contents.
    @Test func hostileHeadersAreRefused() async throws {
        try await Self.withFile { path in
            let model = try EngineTests.load()
            _ = try await model.engine.complete(SchedulingTests.request(150, seed: 1, tokens: 1))
            try await model.engine.savePrefixes(to: path, model: "m")
            try await model.engine.forgetPrefixes()
            let whole = try MappedFile.read(path: path)
            let length = Int(whole[8]) + Int(whole[9]) << 8
            let text = String(decoding: whole[80..<(80 + length)], as: UTF8.self)
            let replacements = [
                ("\"parent\":0", "\"parent\":1"), ("\"parent\":0", "\"parent\":-1"),
                ("\"parent\":0", "\"parent\":9223372036854775807"), ("\"parent\":0", "\"parent\":\"0\""),
                ("\"tokens\":[", "\"tokens\":[99999999999,"), ("\"tokens\":[", "\"tokens\":[-1,"),
                ("\"tokens\":[", "\"tokens\":[1.5,"), ("\"tokens\":[", "\"token\":["), ("\"pages\":[", "\"pages\":[3,"),
                ("\"pages\":[", "\"pages\":[],\"more\":["), ("\"page_bytes\":", "\"page_bytes\":1"),
                ("\"sha256\":\"", "\"sha256\":\"0"), ("{", "["),
            ]
            for (sought, replacement) in replacements {
                let changed = Array(text.replacingOccurrences(of: sought, with: replacement).utf8)
                try #require(changed != Array(text.utf8), "\(sought)")
                let size = withUnsafeBytes(of: UInt64(changed.count).littleEndian, Array.init)
                let digest = Array(changed.withUnsafeBytes { Digest.sha256($0) }.utf8)
                try AtomicFile.write(
                    Array(whole[..<8]) + size + digest + changed + Array(whole[(80 + length)...]), to: path)
                await #expect(throws: FileError.self, "\(replacement)") {
                    try await model.engine.loadPrefixes(from: path, model: "m")
                }
            }
            #expect(try await model.engine.statistics().cachedPageCount == 0)
        }
    }
}
