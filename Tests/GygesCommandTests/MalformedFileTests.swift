import Foundation
import GygesTestSupport
import Testing

/// What strangers' files can do to the program: make it say what is wrong with them, and nothing else.
@Suite struct MalformedFileTests {
    static let all =
        MalformedFile.ggufStructure + MalformedFile.ggufMeaning + MalformedFile.safetensorsFiles + MalformedFile.folders

    @Test(
        "A malformed file is refused with its name, the place and a remedy, in little memory and time", arguments: all)
    func refused(file: MalformedFile) throws {
        let folder = try TemporaryFolder()
        let outcome = try Program.run(try file.prepare(folder))
        #expect(outcome.status == 1, "\(outcome.errors)")
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.contains("broken"), "no file in: \(outcome.errors)")
        #expect(outcome.errors.contains(file.mention), "no \(file.mention) in: \(outcome.errors)")
        // The problem, and on the last line the remedy: a sentence.
        let lines = outcome.errors.split(separator: "\n")
        #expect(lines.count >= 2 && lines.last?.hasSuffix(".") ?? false, "no remedy in: \(outcome.errors)")
        #expect(outcome.errors.utf8.count < 20_000)
        // Bounds, not measurements: the unoptimised program on a busy machine takes a fraction of either.
        #expect(outcome.peakMemory < 64 << 20, "\(outcome.peakMemory >> 20) MiB")
        #expect(outcome.seconds < 10)
    }

    @Test("The sound files that the malformed ones are made from are taken")
    func soundFilesAreTaken() throws {
        let folder = try TemporaryFolder()
        let gguf = try folder.write(GGUFBuilder.tinyLlama.bytes, to: "sound.gguf")
        for model in [gguf, try MalformedFile.copyOfModel(in: folder)] {
            let outcome = try Program.run(["generate", model, "hello", "--max-tokens", "1", "--json"])
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.output.contains("\"generated_tokens\": 1"))
        }
        #expect(Self.all.count >= 60)
    }
}
