import ArgumentParser
import CPeaks
import Foundation
import GygesFiles
import GygesKernels
import GygesTensors
import GygesTraining

/// `training`: whole steps of training, each asked for by a line.
@main
struct TrainingCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "training", abstract: "Makes steps of training with AdamW and says how long they take.",
        discussion: """
            The model is a config.json (a decoder or a ModernBERT; random weights, all trained) or a GGUF file (frozen, with \
            adapters of --rank on all projections of its layers). Each line of standard input asks for a step:

              {"texts": [[5, 17, 9]], "supervised": [[0, 1]]}

            texts are lists of token ids; a decoder learns the token after each supervised place, an encoder the one at it. \
            The answer is a line with the seconds of the step and of its parts, the processor's peak before it, and the bytes that activations took at most. \
            Benchmarks/peers/compare_training.py asks, with PyTorch in turn.
            """)

    @Argument(help: "A config.json or a GGUF file.")
    var model: String

    @Option(help: ArgumentHelp("Threads that compute.", valueName: "count"))
    var threads: Int = ThreadTeam.usableProcessorCount

    @Option(help: "The rank of adapters.")
    var rank = 16

    @Flag(help: "Keep each layer's input alone and compute the layer again.")
    var recompute = false

    func validate() throws {
        guard (1...1024).contains(threads), (1...1024).contains(rank) else {
            throw ValidationError("--threads and --rank must be from 1 to 1024.")
        }
    }

    func run() throws {
        let team = ThreadTeam(threadCount: threads)
        let model =
            model.hasSuffix(".gguf")
            ? try TrainedModel(gguf: model, rank: rank, team: team) : try TrainedModel(configuration: model)
        let tape = Tape(gradients: model.gradients, options: TapeOptions(recomputesLayers: recompute), team: team)
        let optimizer = try Optimizer(
            OptimizerSettings(learningRate: 1e-5), of: model.trainedParameters, team: team)
        answer(Data(#"{"ready": true}"#.utf8))
        while let line = readLine() {
            let request = try JSONDecoder().decode(StepRequest.self, from: Data(line.utf8))
            guard request.isPossible(vocabularySize: model.vocabularySize) else {
                throw ValidationError(
                    "Texts need tokens of the vocabulary, each text a list of supervised places in it.")
            }
            var batch = PackedBatch()
            for text in request.texts { batch.append(text) }
            let peak = multiplyAddRate(team: team)
            var clock = StepClock()
            tape.gradients.clear()
            tape.resetPeak()
            try model.loss(of: batch, request, on: tape, clock: &clock)
            tape.backward()
            clock.end("backward")
            try optimizer.step(learningRate: 1e-5)
            clock.end("optimizer")
            let step = StepAnswer(
                seconds: clock.total, parts: clock.parts, peak: peak, activationBytes: tape.peakByteCount)
            answer(try JSONEncoder().encode(step))
        }
    }

    private func answer(_ line: Data) { FileHandle.standardOutput.write(line + Data("\n".utf8)) }
}

/// Multiplications and additions of f32 a second, in registers, of all threads together.
private func multiplyAddRate(team: ThreadTeam) -> Double {
    let passes = 2_000_000_000 / max(1, peak_operations(Int32(PEAK_FLOAT32)))
    let start = ContinuousClock.now
    team.run(parts: team.threadCount) { _ in _ = peak_run(Int32(PEAK_FLOAT32), passes) }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    return Double(peak_operations(Int32(PEAK_FLOAT32)) * passes) * Double(team.threadCount) / seconds
}

/// What a line asks for.
struct StepRequest: Decodable {
    var texts: [[Int32]]
    var supervised: [[Int]]

    /// Whether every token is one, and every supervised place lies within its text.
    func isPossible(vocabularySize: Int) -> Bool {
        texts.count == supervised.count
            && zip(texts, supervised).allSatisfy { text, places in
                !text.isEmpty && text.allSatisfy { 0..<vocabularySize ~= Int($0) }
                    && places.allSatisfy { 0..<text.count ~= $0 }
            }
    }

    /// The supervised places of all texts, which lie end to end, moved on by `offset`.
    func rows(movedBy offset: Int = 0) -> [Int] {
        var (rows, first): ([Int], Int) = ([], 0)
        for (text, places) in zip(texts, supervised) {
            rows += places.map { first + $0 + offset }
            first += text.count
        }
        return rows
    }
}

/// What a line answers.
private struct StepAnswer: Encodable {
    var seconds: Double
    var parts: [String: Double]
    /// The multiplications and additions of f32 a second that the processor could do just before.
    var peak: Double
    var activationBytes: Int
}

/// The parts of a step, one after another.
struct StepClock {
    private let start = ContinuousClock.now
    private var last = ContinuousClock.now
    private(set) var parts: [String: Double] = [:]

    /// The seconds up to the last part's end.
    var total: Double { (last - start) / .seconds(1) }

    /// Ends a part.
    mutating func end(_ part: String) {
        let now = ContinuousClock.now
        parts[part] = (now - last) / .seconds(1)
        last = now
    }
}
