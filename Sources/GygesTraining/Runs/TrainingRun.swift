import FoundationEssentials
import GygesCheckpoints
public import GygesFiles
public import GygesKernels
public import GygesModels
public import GygesTensors
import GygesTokenizer

/// A recipe at work in a folder: steps, what is measured in between, checkpoints, the result.
///
/// A run that ended, however it ended, goes on from its newest good checkpoint as if nothing had happened. Of several processes that run
/// a recipe together (``RankGroup``), rank 0 writes the folder, and the others read what it held when they began. Not `Sendable`: it
/// belongs to one thread.
public final class TrainingRun {
    /// Something that happened.
    public enum Event {
        /// The run goes on after a step; newer checkpoints were damaged.
        case resumed(step: Int, faults: [FileError])
        /// A step was made, or left out.
        case step(StepReport, MetricRecord)
        /// The model was measured.
        case heldOut(HeldOutLoss, MetricRecord)
        /// The model answered a prompt.
        case sample(step: Int, prompt: String, answer: String)
        /// A checkpoint was written.
        case checkpoint(step: Int)
        /// The result was written.
        case written(path: String)
    }

    /// Why a run ended.
    public enum End: String, Sendable {
        /// The plan is done.
        case planDone = "plan done"
        /// The data were read as often as they may be.
        case dataUsedUp = "data used up"
        /// What is held out got no better any more.
        case noBetter = "no better any more"
        /// It was told to.
        case stopped
    }

    /// What is run.
    public let recipe: Recipe
    /// Where it is noted.
    public let folder: RunFolder
    /// What is trained.
    public let model: TrainingModel
    /// What it learns from.
    public let data: TrainingData
    /// What makes the steps.
    public let trainer: Trainer
    /// Damaged checkpoints that were passed over.
    private let faults: [FileError]
    private let checkpoints: CheckpointFolder
    let team: ThreadTeam
    private let byteCounts: [Int]
    private let sourceTokenCount: Int
    private let ranks: any RankGroup
    /// `nil` until the run starts, and where another process writes them.
    private var records: RunRecords?
    private var best: (step: Int, value: Double)?
    /// The measurements since ``best``.
    private var worseCount = 0

    /// Opens a run's folder, loads the model and reads the data.
    ///
    /// - Parameters:
    ///   - text: The recipe as it is noted.
    ///   - modelPath: The file or folder of the model that the recipe names; not used for a fresh one.
    ///   - packing: Where packed copies of frozen weights are kept.
    ///   - program: What the journal says that the run was made by.
    ///   - ranks: Who runs it together; all of them open it with the same arguments.
    ///   - progress: Told which file is being read.
    /// - Throws: `FileError` or ``SettingsError`` with whatever prevents the run; ``RankFailure`` if that is in another process,
    ///   ``RankDifference`` if a process has something else before it.
    public init(
        _ recipe: Recipe, text: String, modelPath: String, packing: Packing = Packing(), program: String,
        ranks: any RankGroup = SingleRank(), team: ThreadTeam, progress: (String) -> Void = { _ in }
    ) throws {
        // The folder has the recipe as it was written; what data and model add to it is found again.
        let written = recipe
        let recipe = try recipe.namingLabels(modelPath: modelPath)
        (self.recipe, self.ranks, self.team) = (recipe, ranks, team)
        let modelDigest: String
        (folder, checkpoints, model, modelDigest, data, trainer, faults) = try ranks.together {
            let folder =
                ranks.rank == 0
                ? try RunFolder(path: recipe.output, for: written, text: text)
                : RunFolder(heldByRankZero: recipe.output)
            let checkpoints = CheckpointFolder(path: folder.checkpointsPath, limit: recipe.checkpointLimit)
            let model = try TrainingModel(of: recipe, path: modelPath, packing: packing, team: team)
            let modelDigest = try model.digest()
            if ranks.rank == 0 { try folder.expectModel(digest: modelDigest) }
            let data = try TrainingData(of: recipe, for: model.text, progress: progress)
            let objective = try model.objective(of: recipe, learningFrom: data.sources)
            if let evaluation = recipe.evaluation, !evaluation.prompts.isEmpty, !(objective is NextTokenObjective) {
                throw ModelSamples.noText
            }
            let (checkpoint, faults) = try checkpoints.newest()
            try checkpoint?.fill(objective)
            let trainer = try Trainer(
                objective, plan: recipe.plan, sources: data.sources, settings: recipe.trainerSettings,
                options: recipe.tapeOptions, ranks: ranks, team: team, from: checkpoint?.state
            ) { try checkpoint?.fill($0) }
            return (folder, checkpoints, model, modelDigest, data, trainer, faults)
        }
        sourceTokenCount = try data.sources.tokenCount
        byteCounts = (0..<Int32(clamping: model.vocabularyCount)).map { [model] in model.tokenizer.bytes(of: $0).count }
        if ranks.count > 1 {
            try ranks.check(trainer.agreements(program: program, modelDigest: modelDigest, team: team))
        }
        guard ranks.rank == 0 else { return }
        checkpoints.remove(after: trainer.progress.steps)
        try folder.note(
            folder.isContinued ? "resumed" : "begun",
            [
                ("program", .string(program)), ("ranks", .integer(ranks.count)),
                ("step", .integer(trainer.progress.steps)), ("model", .string(modelPath)),
                ("parameters", .integer(trainer.objective.trainedCount)),
                ("sources", .array(data.sources.map(\.json))),
                ("damaged_checkpoints", .array(faults.map { .string($0.path) })),
            ])
    }

    /// Makes all steps that are left, and writes the result.
    ///
    /// - Parameters:
    ///   - report: Told what happens.
    ///   - shouldStop: Asked before each step; after a yes on any process, a checkpoint is written and the run ends on all of them.
    /// - Returns: Why it ended.
    /// - Throws: ``StepFault`` if a step cannot be made and the recipe leaves none out; a checkpoint of the step before is there then.
    ///   `FileError` if data cannot be read or the disk is full: what was reported written is there. ``RankFailure`` if another process
    ///   says why it ended. After any other error the other processes may be waiting for this one, which has to end them.
    public func run(
        report: (Event) throws -> Void = { _ in }, shouldStop: () -> Bool = { false }
    ) throws -> End {
        if ranks.rank == 0 {
            records = try RunRecords(in: folder, resumingAfter: trainer.progress.steps)
        }
        try recallBest()
        if folder.isContinued { try report(.resumed(step: trainer.progress.steps, faults: faults)) }
        var end = End.stopped
        while try !ranks.any(shouldStop()) {
            if let patience = recipe.evaluation?.patience, worseCount >= patience {
                end = .noBetter
                break
            }
            let begun = ContinuousClock.now
            let step: StepReport?
            do { step = try trainer.step() } catch let fault as StepFault {
                // It follows from what all processes share, so that all of them are here.
                return try ranks.together {
                    try save(report)
                    try folder.note("fault", fault.json(data))
                    throw fault
                }
            }
            guard let step else {
                end = recipe.plan.place(at: trainer.progress) == nil ? .planDone : .dataUsedUp
                break
            }
            if let fault = step.fault { try folder.note("left out", fault.json(data)) }
            let seconds = (ContinuousClock.now - begun) / .seconds(1)
            let record = step.record(of: sourceTokenCount, seconds: seconds, peak: trainer.peakActivationByteCount)
            try records?.append(record)
            try report(.step(step, record))
            try measureIfDue(report)
            if step.progress.steps % recipe.checkpointInterval == 0 {
                if ranks.count > 1 { try ranks.check([trainer.parameterAgreement]) }
                try save(report)
            }
        }
        return try ranks.together {
            try save(report)
            if end != .stopped, ranks.rank == 0 {
                var result = trainer.objective
                if recipe.evaluation?.keepsBest ?? false, let best, best.step < trainer.progress.steps {
                    result = try model.average(
                        [best.step], ofRunIn: folder.path, by: recipe,
                        into: model.objective(of: recipe, learningFrom: data.sources))
                }
                try report(.written(path: try writeResult(result)))
            }
            try folder.note(
                end == .stopped ? "stopped" : "done",
                [("step", .integer(trainer.progress.steps)), ("data", trainer.dataReport.json)])
            return end
        }
    }

    /// Finds what earlier parts of the run measured; rank 0 reads it, and all processes have the same.
    private func recallBest() throws {
        guard let evaluation = recipe.evaluation else { return }
        let found = ranks.rank == 0 ? try evaluation.best(in: folder.metricsPath) : (best: nil, worseCount: 0)
        let isThere = found.best != nil
        let shared = try ranks.sum(
            [isThere ? 1 : 0, Double(found.best?.step ?? 0), found.best?.value ?? 0, Double(found.worseCount)])
        best = shared[0] > 0 ? (Int(shared[1]), shared[2]) : nil
        worseCount = Int(shared[3])
    }

    private func measureIfDue(_ report: (Event) throws -> Void) throws {
        guard let evaluation = recipe.evaluation, trainer.progress.steps % evaluation.every == 0 else { return }
        let loss = try heldOutLoss(evaluation)
        var record = MetricRecord(
            step: trainer.progress.steps, time: Date().timeIntervalSince1970, ["eval_loss": loss.loss])
        if recipe.head == nil { record["eval_bits_per_byte"] = loss.bitsPerByte }
        for metric in loss.labelMetrics { record[metric.name] = metric.value }
        try records?.append(record)
        let value = record[evaluation.metric.key] ?? .nan
        if evaluation.metric.isBetter(value, than: best?.value ?? evaluation.metric.worst) {
            (best, worseCount) = ((trainer.progress.steps, value), 0)
            // The best is kept, whatever is written when.
            try save(report)
        } else {
            worseCount += 1
        }
        try report(.heldOut(loss, record))
        guard !evaluation.prompts.isEmpty, ranks.rank == 0 else { return }
        let answers = try ModelSamples.answers(
            to: evaluation.prompts, of: model, trainer.objective, tokenLimit: evaluation.answerTokenLimit, team: team)
        for (prompt, answer) in zip(evaluation.prompts, answers) {
            try folder.note(
                "sample",
                [
                    ("step", .integer(trainer.progress.steps)), ("prompt", .string(prompt)),
                    ("answer", .string(answer)),
                ])
            try report(.sample(step: trainer.progress.steps, prompt: prompt, answer: answer))
        }
    }

    /// The loss of what is held out, as the model is now; all processes ask for it together.
    ///
    /// - Throws: `FileError` if data cannot be read; if another process is gone.
    public func heldOutLoss(_ evaluation: Recipe.Evaluation) throws -> HeldOutLoss {
        try HeldOutLoss(
            of: trainer.objective, on: data.heldOut, settings: recipe.data, packLimit: evaluation.packLimit,
            byteCount: { self.byteCounts.indices.contains(Int($0)) ? self.byteCounts[Int($0)] : 0 }, tape: trainer.tape,
            ranks: ranks)
    }

    /// Writes a checkpoint, on rank 0, if there is none of this step.
    private func save(_ report: (Event) throws -> Void) throws {
        try records?.flush()
        let step = trainer.progress.steps
        guard ranks.rank == 0, step > 0, !checkpoints.steps.contains(step) else { return }
        try checkpoints.write(trainer, keeping: best?.step)
        try folder.note("checkpoint", [("step", .integer(step))])
        try report(.checkpoint(step: step))
    }

    /// Writes the model as an objective has it.
    private func writeResult(_ objective: any TrainingObjective) throws -> String {
        let path = folder.path + (model.isAdapted ? "/adapter" : "/model")
        try? FileManager.default.removeItem(atPath: path)
        try model.writeResult(objective, of: recipe, to: path, team: team)
        return path
    }
}

extension Recipe.Evaluation {
    /// The best step so far, and how many measurements came after it.
    fileprivate func best(in path: String) throws(FileError) -> (best: (step: Int, value: Double)?, worseCount: Int) {
        var (best, worseCount): ((step: Int, value: Double)?, Int) = (nil, 0)
        for record in try MetricsLog.records(path: path) {
            guard let value = record[metric.key] else { continue }
            if metric.isBetter(value, than: best?.value ?? metric.worst) {
                (best, worseCount) = ((record.step, value), 0)
            } else {
                worseCount += 1
            }
        }
        return (best, worseCount)
    }
}

extension TrainingModel {
    /// The model that a recipe begins with.
    ///
    /// - Throws: As the initialisers that it calls.
    public init(of recipe: Recipe, path: String, packing: Packing = Packing(), team: ThreadTeam) throws {
        switch recipe.start {
        case .model:
            let optimizer = recipe.plan.phases[0].optimizer
            let part = recipe.adapter.map { Part.adapter($0, seed: recipe.seed) }
            self = try TrainingModel(
                path: path, training: part ?? .parameters { optimizer.isFrozen($0) }, head: recipe.head,
                packing: packing, seed: recipe.seed, team: team)
        case .grown(let configuration, _):
            self = try TrainingModel(growing: path, to: configuration, head: recipe.head, packing: packing, team: team)
        case .fresh(let configuration, let tokenizer, let scheme, let width):
            self = try TrainingModel(
                configuration: configuration, tokenizer: tokenizer, scheme: scheme, width: width, head: recipe.head,
                seed: recipe.seed)
        }
    }
}

extension Recipe {
    /// What a trainer is told.
    public var trainerSettings: Trainer.Settings {
        Trainer.Settings(
            seed: seed, data: data, passTokenLimit: passTokenLimit, balanceWeight: Float(balanceWeight),
            skipsFaults: skipsFaults, spikes: spikes)
    }

    /// What an adapter says that it was made for.
    public var baseName: String {
        if case .model(let name) = start { return name }
        return name
    }

    /// What its tape is told.
    public var tapeOptions: TapeOptions {
        TapeOptions(
            precision: precision, recomputesLayers: recomputesLayers, adapterDropout: Float(adapter?.dropout ?? 0),
            balanceWeight: Float(balanceWeight))
    }
}

extension StepReport {
    /// The step in the words of Hugging Face's trainers.
    ///
    /// - Parameter sourceTokenCount: The tokens of all sources, which make an epoch.
    func record(of sourceTokenCount: Int, seconds: Double, peak: Int) -> MetricRecord {
        var record = MetricRecord(
            step: progress.steps, time: Date().timeIntervalSince1970,
            [
                "loss": loss, "grad_norm": gradientNorm, "learning_rate": learningRate,
                "num_tokens": Double(progress.tokens), "supervised_tokens": Double(supervisedCount),
                "tokens_per_second": Double(tokenCount) / max(seconds, 1e-9),
                "epoch": Double(progress.tokens) / Double(max(1, sourceTokenCount)),
                "activation_bytes": Double(peak),
            ])
        if let balanceLoss { record["aux_loss"] = balanceLoss }
        return record
    }
}

extension StepFault {
    /// What the journal says of it.
    fileprivate func json(_ data: TrainingData) -> [(String, JSON)] {
        [
            ("step", .integer(step)), ("problem", .string(description)),
            ("samples", .array(samples.map { .string(data.place(of: $0)) })),
        ]
    }
}

extension DocumentStore {
    /// What the journal says of a source.
    fileprivate var json: JSON {
        ["name": .string(name), "documents": .integer(count), "digest": .string(digest)]
    }
}

extension DataReport {
    /// What the journal says of it.
    fileprivate var json: JSON {
        [
            "packs": .integer(packCount), "tokens": .integer(tokenCount), "fill": .double(fill),
            "split": .integer(splitCount), "truncated": .integer(truncatedCount), "dropped": .integer(droppedCount),
            "unsupervised": .integer(unsupervisedCount),
        ]
    }
}

extension TrainingData {
    /// Where a sample stands in the files that were named.
    public func place(of sample: SampleReference) -> String {
        guard sources.indices.contains(sample.source) else { return "source \(sample.source)" }
        let place = sources[sample.source].place(of: sample.document)
        return "\(place), tokens \(sample.tokens.lowerBound) to \(sample.tokens.upperBound - 1)"
    }
}
