import GygesCheckpoints
import Foundation
import GygesKernels
import GygesModels
import GygesTensors
import GygesTestSupport
import Testing

/// Tiny random checkpoints against transformers (`scripts/fixtures/make_encoders.py`, `make_bert_encoders.py`): layers, hidden
/// states and heads, of texts of 1 to 300 tokens, some of two parts.
@Suite struct EncoderParityTests {
    static let names = [
        "encoder-ettin", "encoder-untied", "encoder-silu-bf16", "encoder-biases", "encoder-labels-f16", "encoder-yarn",
        "encoder-sentence", "encoder-colbert", "bert-masked", "bert-old", "bert-pairs-bf16", "bert-tokens-f16",
        "bert-answers", "bert-plain", "roberta-masked", "roberta-classes", "xlmr-untied", "xlmr-tokens",
    ]

    @Test(arguments: names)
    func matchesTransformersLayerByLayer(name: String) throws {
        let expected = try EncoderExpectation(path: fixture(name) + "/expected.safetensors")
        let runner = try TestEncoder(name)
        let recorder = RecordingOperations(runner.eager)
        let text = try #require(expected.texts.last)
        let batch = runner.batch(of: [text], first: expected.first?.suffix(1))
        _ = runner.model.encoder.hiddenStates(of: batch, weights: runner.model.weights, on: recorder)
        #expect(recorder.layerOutputs.count == expected.layers.count)
        for (layer, values) in expected.layers.enumerated() {
            expectClose(recorder.layerOutputs[layer], values, absolute: 1e-4, "\(name) output of layer \(layer)")
        }
    }

    @Test(arguments: names)
    func manyTextsInOneBatchMatchTransformers(name: String) throws {
        let expected = try EncoderExpectation(path: fixture(name) + "/expected.safetensors")
        let runner = try TestEncoder(name)
        let batch = runner.batch(of: expected.texts, first: expected.first?[...])
        let hidden = runner.model.encoder.hiddenStates(of: batch, weights: runner.model.weights, on: runner.eager)
        expectClose(Array(hidden.elements), expected.hidden, absolute: 1e-4, "\(name) hidden states")
        guard let head = runner.model.weights.head, let scores = expected.scores else { return }
        let configuration = runner.model.encoder.configuration
        let rows =
            configuration.task != .sequenceClassification
            ? hidden
            : configuration.head.readsMean
                ? runner.eager.pooled(hidden, over: batch.sequences.map(\.rows), by: .mean)
                : runner.eager.rows(hidden, at: batch.sequences.map(\.rows.lowerBound))
        let ours = runner.model.encoder.scores(of: rows, head: head, on: runner.eager)
        expectClose(Array(ours.elements), scores, absolute: 1e-4, "\(name) scores")
    }

    /// Rows of a batch have the bits of each text alone, on any number of threads, and so have chosen rows.
    @Test(arguments: names, [MatmulPrecision.fast, .bfloat16, .int8])
    func neitherBatchNorThreadsNorChoiceChangeABit(name: String, precision: MatmulPrecision) throws {
        let expected = try EncoderExpectation(path: fixture(name) + "/expected.safetensors")
        let runner = try TestEncoder(name, precision: precision, threadCount: 3)
        let batch = runner.batch(of: expected.texts)
        let (model, eager) = (runner.model, runner.eager)
        let together = Array(model.encoder.hiddenStates(of: batch, weights: model.weights, on: eager).elements)
        let width = model.encoder.configuration.hiddenSize

        let alone = try TestEncoder(name, precision: precision, threadCount: 1)
        var start = 0
        for text in expected.texts {
            let batch = alone.batch(of: [text])
            let rows = alone.model.encoder.hiddenStates(of: batch, weights: alone.model.weights, on: alone.eager)
            #expect(
                Array(rows.elements) == Array(together[start..<(start + rows.elements.count)]),
                "\(name) \(precision): a text of \(text.count) alone")
            start += rows.elements.count
        }

        let count = batch.rowCount
        let chosen = [0, 2, 3, count / 6, count / 6 + 1, count * 3 / 10, count * 7 / 10, count - 1]
        let few = model.encoder.hiddenStates(of: batch, rows: chosen, weights: model.weights, on: eager)
        #expect(Array(few.elements) == chosen.flatMap { together[($0 * width)..<(($0 + 1) * width)] })
    }

    /// Rounding to 8 bits of mantissa costs 1e-5 or so a layer in these sharp random models; the minimum that int8 must keep is
    /// what is asked of it.
    @Test(arguments: names, [(MatmulPrecision.bfloat16, 0.999), (.int8, 0.995)])
    func roundedProductsStayClose(name: String, allowed: (precision: MatmulPrecision, cosine: Double)) throws {
        let expected = try EncoderExpectation(path: fixture(name) + "/expected.safetensors")
        let runner = try TestEncoder(name, precision: allowed.precision)
        let batch = runner.batch(of: expected.texts, first: expected.first?[...])
        let hidden = runner.model.encoder.hiddenStates(of: batch, weights: runner.model.weights, on: runner.eager)
        let width = hidden.columns
        var minimum = 1.0
        for row in 0..<hidden.rows {
            let theirs = expected.hidden[(row * width)..<((row + 1) * width)]
            minimum = min(minimum, cosine(Array(hidden.row(row)), Array(theirs)))
        }
        #expect(minimum >= allowed.cosine, "\(name): \(minimum)")
    }

    /// The layers behind the encoder of folders that sentence-transformers and PyLate write.
    @Test(arguments: ["encoder-sentence", "encoder-colbert"])
    func furtherLayersMatch(name: String) throws {
        let expected = try EncoderExpectation(path: fixture(name) + "/expected.safetensors")
        let runner = try TestEncoder(name)
        let batch = runner.batch(of: expected.texts)
        var rows = runner.model.encoder.hiddenStates(of: batch, weights: runner.model.weights, on: runner.eager)
        let text = try TextModel(folder: ModelFolder(path: fixture(name)), team: ThreadTeam(threadCount: 2))
        let settings = try #require(text.embedding)
        if settings.kind == .single {
            #expect(settings.pooling == [.mean] && settings.steps.last == .normalize && settings.maximumLength == 320)
            #expect(settings.prompt(named: "query") == "search_query: ")
        }
        for step in text.steps {
            if step.isPooling {
                rows = runner.eager.pooled(rows, over: batch.sequences.map(\.rows), by: .mean)
            } else {
                rows = step(rows, on: runner.eager)
            }
        }
        rows = runner.eager.l2Normalized(rows)
        expectClose(Array(rows.elements), try #require(expected.vectors), absolute: 1e-5, "\(name) vectors")
        if name == "encoder-colbert" {
            guard case .lateInteraction(let late) = settings.kind else {
                Issue.record("\(settings.kind)")
                return
            }
            #expect(late.documentLength == 300 && late.skippedWords == [".", ","] && late.expandsQueries)
        }
    }

    /// What PyLate's queries are filled up with sees the query and is not seen.
    @Test(arguments: InstructionSet.supported)
    func tokensThatAreNotSeenMatch(level: InstructionSet) throws {
        let expected = try EncoderExpectation(path: fixture("encoder-colbert") + "/expanded.safetensors")
        let runner = try TestEncoder("encoder-colbert")
        var batch = PackedBatch()
        for (text, seen) in zip(expected.texts, try #require(expected.seen)) {
            batch.append(text, attendedCount: Int(seen))
        }
        let eager = EagerOperations(team: ThreadTeam(threadCount: 2, instructionSet: level))
        let hidden = runner.model.encoder.hiddenStates(of: batch, weights: runner.model.weights, on: eager)
        expectClose(Array(hidden.elements), expected.hidden, absolute: 1e-4, "queries that are filled up")
    }

    @Test func poolingsAreWhatTheyAreCalled() throws {
        let runner = try TestEncoder("encoder-sentence")
        let batch = runner.batch(of: [[1, 5, 9, 2], [1], [1, 7, 2]])
        let hidden = runner.model.encoder.hiddenStates(of: batch, weights: runner.model.weights, on: runner.eager)
        let runs = [0..<4, 4..<5, 5..<8, 8..<8]
        for pooling in [RowPooling.mean, .maximum] {
            let pooled = runner.eager.pooled(hidden, over: runs, by: pooling)
            for (index, run) in runs.enumerated() {
                for channel in 0..<hidden.columns {
                    let values = run.map { hidden.row($0)[channel] }
                    let expected =
                        values.isEmpty ? 0 : pooling == .mean ? values.reduce(0, +) / Float(run.count) : values.max()!
                    #expect(abs(pooled.row(index)[channel] - expected) < 1e-6)
                }
            }
        }
    }
}

/// Cosine of the angle between two vectors.
func cosine(_ a: [Float], _ b: [Float]) -> Double {
    func dot(_ x: [Float], _ y: [Float]) -> Double { zip(x, y).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
    return dot(a, b) / (dot(a, a) * dot(b, b)).squareRoot()
}

/// A fixture's encoder and an interpreter.
final class TestEncoder {
    let model: EncoderModel
    let eager: EagerOperations

    init(_ name: String, precision: MatmulPrecision = .fast, threadCount: Int = 2) throws {
        let team = ThreadTeam(threadCount: threadCount)
        model = try EncoderModel(folder: ModelFolder(path: fixture(name)), precision: precision, team: team)
        eager = EagerOperations(team: team, attentionPrecision: AttentionPrecision(precision))
    }

    /// - Parameter first: How many tokens of each text belong to the first of two.
    func batch(of texts: [[Int32]], first: ArraySlice<Int32>? = nil) -> PackedBatch {
        var batch = PackedBatch()
        let counts = first.map { $0.map { Int($0) } }
        for (index, text) in texts.enumerated() { batch.append(text, firstTextCount: counts?[index]) }
        return batch
    }
}

/// What transformers computed.
struct EncoderExpectation {
    var texts: [[Int32]] = []
    var layers: [[Float]] = []
    var hidden: [Float]
    var scores: [Float]?
    var vectors: [Float]?
    var sparse: [Float]?
    /// How many of each text's tokens others see.
    var seen: [Int32]?
    /// How many of each text's tokens belong to the first of two.
    var first: [Int32]?

    init(path: String) throws {
        let file = try SafetensorsFile(path: path)
        func values<T>(_ name: String, as type: T.Type) throws -> [T]? {
            guard let tensor = file.tensors.first(where: { $0.name == name }) else { return nil }
            return Array(file.bytes(of: tensor).bindMemory(to: T.self))
        }
        let tokens = try #require(try values("tokens", as: Int32.self))
        var start = 0
        for length in try #require(try values("lengths", as: Int32.self)) {
            texts.append(Array(tokens[start..<(start + Int(length))]))
            start += Int(length)
        }
        hidden = try #require(try values("hidden", as: Float.self))
        while let layer = try values("layer.\(layers.count)", as: Float.self) { layers.append(layer) }
        scores = try values("scores", as: Float.self)
        vectors = try values("vectors", as: Float.self)
        sparse = try values("sparse", as: Float.self)
        seen = try values("seen", as: Int32.self)
        first = try values("first", as: Int32.self)
    }
}
