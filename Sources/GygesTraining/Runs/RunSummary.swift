public import GygesFiles
public import GygesKernels
import GygesTensors

/// What a run will take, before it is run.
public struct RunSummary: Sendable {
    /// A phase of the run.
    public struct Phase: Sendable {
        /// Its name.
        public var name: String
        /// How long it is, in what the plan counts.
        public var length: Int
        /// The tokens of a step after the warm-up, at most.
        public var tokensPerStep: Int
        /// The passes of such a step, at least.
        public var passesPerStep: Int
        /// The bytes that the activations of a pass take.
        public var activationByteCount: Int
        /// How often the data are read; `nil` where that depends on how they are packed.
        public var epochCount: Double?
    }

    /// What lengths are counted in.
    public var unit: ProgressUnit
    /// How many numbers are trained.
    public var trainedCount: Int
    /// The documents and tokens to learn from.
    public var documentCount: Int
    /// The tokens of these documents.
    public var tokenCount: Int
    /// The documents held out.
    public var heldOutCount: Int
    /// The rows that were left out, being broken.
    public var faultCount: Int
    /// The rows with labels whose text is longer than the model is given, and loses its end.
    public var truncatedCount: Int
    /// The bytes of parameters that are trained, their gradients, and what the optimizer remembers.
    public var stateByteCount: Int
    /// The phases.
    public var phases: [Phase]

    /// Looks at a recipe whose model and data were read.
    ///
    /// - Throws: ``SettingsError`` with whatever would prevent the run; `FileError` if data contradict themselves.
    /// - Complexity: Two short passes of the model.
    public init(of recipe: Recipe, model: TrainingModel, data: TrainingData, team: ThreadTeam) throws {
        let objective = try model.objective(of: recipe, learningFrom: data.sources)
        // Everything that a run checks is checked here.
        let trainer = try Trainer(
            objective, plan: recipe.plan, sources: data.sources, settings: recipe.trainerSettings,
            options: recipe.tapeOptions, team: team)
        unit = recipe.plan.unit
        trainedCount = objective.trainedCount
        documentCount = data.sources.reduce(0) { $0 + $1.count }
        tokenCount = try data.sources.tokenCount
        heldOutCount = data.heldOut.reduce(0) { $0 + $1.count }
        faultCount = data.reports.reduce(0) { $0 + $1.report.faultCount }
        truncatedCount = data.reports.reduce(0) { $0 + $1.report.truncatedCount }
        let (documentCount, tokenCount) = (documentCount, tokenCount)
        let moments = trainer.optimizer.moments.reduce(0) { $0 + $1.bytes.count }
        stateByteCount = 2 * trainedCount * MemoryLayout<Float>.stride + moments
        let memory = try MemoryPlan(
            options: recipe.tapeOptions, gradients: Gradients(of: objective.parameters), team: team, rows: Self.probes
        ) { tape, rows in
            let batch = objective.probe(of: Self.pack(of: rows, Int32(clamping: objective.vocabularyCount / 2)))
            _ = try objective.losses(of: batch, weights: Array(repeating: 0, count: batch.rows.count), on: tape)
            tape.backward()
        }
        phases = recipe.plan.phases.map { phase in
            let perPass = max(1, recipe.passTokenLimit / phase.packLength)
            let read =
                recipe.data.sharesPacks
                ? Double(phase.batch.last * phase.packLength) / Double(max(1, tokenCount))
                : Double(phase.batch.last) / Double(max(1, documentCount))
            return Phase(
                name: phase.name, length: phase.schedule.length, tokensPerStep: phase.batch.last * phase.packLength,
                passesPerStep: (phase.batch.last + perPass - 1) / perPass,
                activationByteCount: memory.byteCount(rows: min(perPass, phase.batch.last) * phase.packLength),
                epochCount: recipe.plan.unit == .steps ? Double(phase.schedule.length) * read : nil)
        }
    }

    /// The rows of two passes whose memory tells that of all.
    private static let probes = (32, 64)

    private static func pack(of rows: Int, _ token: Int32) -> Pack {
        Pack(
            number: 0, references: [SampleReference(source: 0, document: 0, tokens: 0..<rows)],
            documents: [Document(tokens: Array(repeating: token, count: rows))])
    }
}

// MARK: - For people and programs

extension RunSummary {
    /// The summary in words.
    public var text: String {
        var lines = [
            "trained: \(trainedCount) parameters, \(Self.size(stateByteCount)) with gradients and what the optimizer remembers",
            "data: \(documentCount) documents, \(tokenCount) tokens"
                + (heldOutCount > 0 ? "; \(heldOutCount) documents held out" : "")
                + (faultCount > 0 ? "; \(faultCount) broken rows left out" : "")
                + (truncatedCount > 0 ? "; \(truncatedCount) texts lose their end" : ""),
        ]
        for phase in phases {
            lines.append(
                "\(phase.name): \(phase.length) \(unit.rawValue) of up to \(phase.tokensPerStep) tokens in \(phase.passesPerStep) "
                    + "pass\(phase.passesPerStep == 1 ? "" : "es")"
                    + (phase.epochCount.map { ", the data about \(($0 * 10).rounded() / 10) times" } ?? "")
                    + "; activations take \(Self.size(phase.activationByteCount))")
        }
        return lines.joined(separator: "\n")
    }

    private static func size(_ bytes: Int) -> String {
        bytes >= 1 << 30
            ? "\((Double(bytes) / Double(1 << 30) * 10).rounded() / 10) GiB" : "\(max(1, bytes >> 20)) MiB"
    }

    /// The summary as an object.
    public var json: JSON {
        [
            "trained_parameters": .integer(trainedCount), "state_bytes": .integer(stateByteCount),
            "documents": .integer(documentCount), "tokens": .integer(tokenCount),
            "held_out_documents": .integer(heldOutCount), "broken_rows": .integer(faultCount),
            "truncated_rows": .integer(truncatedCount),
            "unit": .string(unit.rawValue),
            "phases": .array(
                phases.map {
                    [
                        "name": .string($0.name), "length": .integer($0.length),
                        "tokens_per_step": .integer($0.tokensPerStep),
                        "passes_per_step": .integer($0.passesPerStep),
                        "activation_bytes": .integer($0.activationByteCount),
                    ]
                }),
        ]
    }
}
