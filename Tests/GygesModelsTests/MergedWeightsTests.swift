import Foundation
import GygesCheckpoints
import GygesFiles
import GygesKernels
import GygesModels
import GygesTensors
import GygesTestSupport
import Testing

/// Adapters merged into weights, and under the names of other files.
@Suite struct MergedWeightsTests {
    private static let team = ThreadTeam(threadCount: 2)

    /// A folder with merged weights.
    private func merged(
        _ base: String, _ parts: [MergedWeights.Part], as form: MergedWeights.Form = .f32
    ) throws -> TemporaryFolder {
        let source = try ModelFolder(path: fixture(base))
        let weights = try MergedWeights(source, adding: parts, form: form, team: Self.team)
        let folder = try TemporaryFolder()
        let path = folder.path + "/merged"
        try source.copyAllButWeights(to: path)
        if weights.isUntied { try ModelFolder.setConfiguration(inFolder: path, [("tie_word_embeddings", false)]) }
        try weights.write(to: path + "/model.safetensors")
        return folder
    }

    /// Merged weights are rounded once more than sums of products: to f32 a unit in the last place of each.
    @Test(arguments: AdapterParityTests.decoders) func mergedDecodersHavePEFTsLogits(name: String) throws {
        let stored = try AdapterParityTests.stored(name)
        let expected = try AdapterExpectation(name)
        let folder = try merged(try #require(stored.settings.baseName), [(stored, 1, name)])
        let model = try DecoderModel(folder: ModelFolder(path: folder.path + "/merged"), team: Self.team)
        #expect(model.notes.isEmpty)
        expectClose(
            AdapterParityTests.logits(of: expected.texts, model.decoder, model.weights), expected.logits,
            relative: 2e-5,
            absolute: 2e-5, name)
    }

    @Test(arguments: AdapterParityTests.encoders) func mergedEncodersHavePEFTsScores(name: String) throws {
        let stored = try AdapterParityTests.stored(name)
        let expected = try AdapterExpectation(name)
        let folder = try merged(try #require(stored.settings.baseName), [(stored, 1, name)])
        let model = try EncoderModel(folder: ModelFolder(path: folder.path + "/merged"), team: Self.team)
        var batch = PackedBatch()
        for text in expected.texts { batch.append(text) }
        let eager = EagerOperations(team: Self.team)
        let states = model.encoder.hiddenStates(of: batch, weights: model.weights, on: eager)
        let rows =
            model.encoder.configuration.task != .sequenceClassification
            ? states : eager.pooled(states, over: batch.sequences.map(\.rows), by: .mean)
        let scores = model.encoder.scores(of: rows, head: try #require(model.weights.head), on: eager)
        expectClose(Array(scores.elements), expected.logits, relative: 3e-5, absolute: 3e-5, name)
    }

    @Test func weightsAndSeveralAdaptersCount() throws {
        let (first, second) = (
            try AdapterParityTests.stored("qwen2-patterns"), try AdapterParityTests.stored("qwen2-saved-embedding")
        )
        let base = try AdapterParityTests.base(first)
        let texts = try AdapterExpectation("qwen2-patterns").texts
        let sum = ModelAdapter.sum([
            try AdapterParityTests.adapter(first, base.decoder).weighted(-0.5),
            try AdapterParityTests.adapter(second, base.decoder),
        ])
        let adapted = base.adapted(by: sum, precision: .fast, team: Self.team)
        let folder = try merged("qwen2-tied", [(first, -0.5, "a"), (second, 1, "b")])
        let model = try DecoderModel(folder: ModelFolder(path: folder.path + "/merged"), team: Self.team)
        expectClose(
            AdapterParityTests.logits(of: texts, model.decoder, model.weights),
            AdapterParityTests.logits(of: texts, adapted.decoder, adapted.weights), relative: 2e-5, absolute: 2e-5)
        #expect(throws: FileError.self) { try merged("qwen2-tied", [(second, 0.5, "b")]) }
        #expect(throws: FileError.self) { try merged("qwen2-tied", [(second, 1, "b"), (second, 1, "b")]) }
        #expect(throws: FileError.self) { try merged("llama-scaled", [(first, 1, "a")]) }
    }

    /// bf16 is the nearest of what f32 has.
    @Test func shorterFloatsAreRoundedOnce() throws {
        let stored = try AdapterParityTests.stored("qwen2-patterns")
        let folders = [
            try merged("qwen2-tied", [(stored, 1, "a")]), try merged("qwen2-tied", [(stored, 1, "a")], as: .bf16),
        ]
        let long = try SafetensorsFile(path: folders[0].path + "/merged/model.safetensors")
        let short = try SafetensorsFile(path: folders[1].path + "/merged/model.safetensors")
        #expect(long.tensors.map(\.name) == short.tensors.map(\.name))
        for (a, b) in zip(long.tensors, short.tensors) {
            let (a, b) = (try #require(long.floats(of: a)), try #require(short.floats(of: b)))
            // Of eight significant bits, half a unit is at most 2⁻⁸ of the number.
            #expect(zip(a, b).allSatisfy { abs($0 - $1) <= abs($0) * 0x1p-8 })
        }
    }

    // MARK: Other files' names

    @Test(arguments: ["qwen2-patterns", "llama-all-linear", "qwen2-moe"])
    func throughAGGUFFileNothingChanges(name: String) throws {
        let stored = try AdapterParityTests.stored(name)
        let base = try AdapterParityTests.base(stored)
        let modules = ModelModules(base.decoder)
        let renamed = try stored.renamed(to: .gguf, on: modules, path: name)
        #expect(renamed.modules.allSatisfy { $0.name.hasPrefix("blk.") })
        // Names, rows and numbers come back; ranks and alphas by patterns are told by whole names now.
        let back = try renamed.renamed(to: .huggingFace, on: modules, path: name)
        #expect(back.modules == stored.modules)
        for module in back.modules {
            #expect(back.settings.scale(of: module.name) == stored.settings.scale(of: module.name))
        }
        // The same on the model: of the folder, and of the GGUF file whose heads have another order of channels.
        let adapter = try ModelAdapter(stored, on: modules, path: name)
        #expect(try ModelAdapter(renamed, on: modules, path: name) == adapter)
        guard name == "llama-all-linear" else { return }
        #expect(renamed.modules.map(\.b) != stored.modules.map(\.b))
        let file = try ModelModules(path: fixture("llama-scaled") + "/model.gguf", team: Self.team)
        #expect(try ModelAdapter(renamed, on: file, path: name) == ModelAdapter(stored, on: file, path: name))
    }

    @Test(arguments: [
        ("qwen2-saved-both", "trained whole"), ("qwen2-rslora", "the embedding's tensor"),
    ]) func whatAGGUFFileCannotHoldIsRefused(name: String, mention: String) throws {
        let stored = try AdapterParityTests.stored(name)
        let modules = ModelModules(try AdapterParityTests.base(stored).decoder)
        let error = #expect(throws: FileError.self) { try stored.renamed(to: .gguf, on: modules, path: name) }
        #expect(error?.description.contains(mention) ?? false && error?.remedy.contains("merge") ?? false)
    }

    @Test func anotherArchitecturesFileIsRefused() throws {
        let stored = try AdapterParityTests.stored("qwen2-patterns")
        let modules = ModelModules(try AdapterParityTests.base(stored).decoder)
        var renamed = try stored.renamed(to: .gguf, on: modules, path: "a")
        #expect(renamed.architecture == "qwen2")
        renamed.architecture = "llama"
        let error = #expect(throws: FileError.self) { try ModelAdapter(renamed, on: modules, path: "a") }
        #expect(error?.description.contains("general.architecture") ?? false)
    }
}
