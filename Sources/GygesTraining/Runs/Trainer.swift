import GygesFiles
public import GygesKernels
public import GygesTensors

/// Makes the steps of a run: reads packs, computes losses and gradients, changes parameters.
///
/// What a step does follows from the objective, the plan, the sources, the settings and the progress alone, bit for bit: a trainer that is
/// created from another's ``state`` and parameters goes on as that would have. Not `Sendable`: it belongs to one thread.
public final class Trainer {
    /// What a run is made of besides its model and its plan.
    public struct Settings {
        /// What chance follows from.
        public var seed: UInt64
        /// How data are read; length and weights are those of the plan's phases.
        public var data: DataSettings
        /// The most tokens that a pass takes, but that it takes at least one pack.
        public var passTokenLimit: Int
        /// What the loss of balance of mixtures is multiplied by.
        public var balanceWeight: Float
        /// Whether faulty steps are left out. Otherwise they end the run.
        public var skipsFaults: Bool
        /// What counts as a spike of the loss; `nil` if nothing does.
        public var spikes: LossWatch.Settings?

        /// Creates settings.
        public init(
            seed: UInt64, data: DataSettings, passTokenLimit: Int = .max, balanceWeight: Float = 0,
            skipsFaults: Bool = false, spikes: LossWatch.Settings? = nil
        ) {
            self.seed = seed
            self.data = data
            self.passTokenLimit = passTokenLimit
            self.balanceWeight = balanceWeight
            self.skipsFaults = skipsFaults
            self.spikes = spikes
        }
    }

    /// All that a trainer needs to go on, besides parameters and what the optimizer remembers.
    public struct State: Sendable, Equatable {
        /// How far the run has come.
        public var progress: TrainingProgress
        /// The phase of the last step.
        public var phase: Int
        /// The steps that the optimizer made: without those that were left out.
        public var optimizerStepCount: Int
        /// Where the run stands in its data.
        public var cursor: DataCursor
        /// The losses that the next ones are compared with.
        public var recentLosses: [Double]
    }

    /// The phases of the run.
    public let plan: TrainingPlan
    /// How it is made.
    public let settings: Settings
    /// What it minimises.
    public private(set) var objective: any TrainingObjective
    /// What changes the parameters.
    public let optimizer: Optimizer
    /// What losses are computed on.
    let tape: Tape
    /// The data, and how far the run has come with them.
    private var reader: StepReader
    /// The phase whose settings are followed.
    private var phase: Int
    private let ranks: any RankGroup
    private var watch: LossWatch?

    /// A trainer at the beginning of a run, or where another stood.
    ///
    /// - Parameters:
    ///   - objective: Its trained parameters stand as they were in that state.
    ///   - fill: Writes what the other's optimizer remembered.
    /// - Throws: ``SettingsError`` with whatever cannot be followed; `FileError` if data cannot be read.
    public init(
        _ objective: any TrainingObjective, plan: TrainingPlan, sources: [any DocumentStore], settings: Settings,
        options: TapeOptions, ranks: any RankGroup = SingleRank(), team: ThreadTeam,
        from state: State? = nil, fill: (MomentTensor) throws -> Void = { _ in }
    ) throws {
        self.objective = objective
        self.plan = plan
        self.settings = settings
        self.ranks = ranks
        watch = try settings.spikes.map { spikes throws(SettingsError) in
            try LossWatch(spikes, recent: state?.recentLosses ?? [])
        }
        try plan.check(against: objective, sourceCount: sources.count)
        reader = try StepReader(plan, of: sources, data: settings.data, from: state)
        phase = reader.phase
        let gradients = Gradients(of: objective.parameters)
        tape = Tape(gradients: gradients, options: options, team: team)
        let parameters = objective.trained.compactMap { trained in
            gradients[trained.path].map {
                TrainedParameter(
                    trained.path, isVector: trained.isVector, values: trained.buffer.elements, gradient: $0.elements)
            }
        }
        optimizer = try Optimizer(plan.phases[phase].optimizer, of: parameters, team: team)
        if let state { try optimizer.restore(stepCount: state.optimizerStepCount, fill: fill) }
        for earlier in plan.phases[...phase] {
            if let base = earlier.rotaryBase { try self.objective.change(toRotaryBase: base) }
        }
    }

    /// What another trainer can go on from.
    public var state: State {
        State(
            progress: progress, phase: reader.phase, optimizerStepCount: optimizer.stepCount,
            cursor: reader.stream.cursor,
            recentLosses: watch?.recent ?? [])
    }

    /// How far the run has come.
    public var progress: TrainingProgress { reader.progress }

    /// What became of the data so far.
    public var dataReport: DataReport { reader.stream.report }

    /// The most bytes of activations at a time since the last step began.
    public var peakActivationByteCount: Int { tape.peakByteCount }

    /// Makes the next step.
    ///
    /// - Returns: What it was like; `nil` at the end of the plan, or of data that are read so many times and no more.
    /// - Throws: ``StepFault`` if it cannot be made and such steps are not left out; `FileError` if data cannot be read. The trainer then
    ///   stands where it stood.
    public func step() throws -> StepReport? {
        let before = (reader, watch)
        do {
            return try reader.next().map(learn)
        } catch {
            (reader, watch) = before
            throw error
        }
    }

    private func learn(from step: StepReader.Step) throws -> StepReport {
        try enter(step.place.phase)
        tape.resetPeak()
        tape.gradients.clear()
        let (number, tokenCount) = (progress.steps, step.tokenCount)
        let sums = try learn(from: passes(of: step.packs), step: number, tokenCount: tokenCount)
        var report = StepReport(
            progress: progress, phase: step.place.phase, learningRate: step.place.learningRate, loss: sums.meanLoss,
            supervisedCount: sums.supervisedCount, tokenCount: tokenCount, packCount: step.packs.count,
            gradientNorm: .nan, clipping: 1, untouched: [], balanceLoss: sums.balanceLoss, fault: nil)
        do {
            if let kind = sums.fault(watch?.take(sums.meanLoss)) {
                throw StepFault(step: number, kind: kind, samples: try worst(of: sums))
            }
            let made = try change(
                step: number, learningRate: step.place.learningRate, weight: sums.weight)
            report.gradientNorm = made.gradientNorm
            report.clipping = made.clipping
            report.untouched = made.untouched
        } catch let fault as StepFault {
            guard settings.skipsFaults else { throw fault }
            report.fault = fault
        }
        return report
    }

    /// Goes on with a phase's settings, if it is not the one of the step before.
    private func enter(_ number: Int) throws {
        while phase < number {
            phase += 1
            try optimizer.change(to: plan.phases[phase].optimizer)
            if let base = plan.phases[phase].rotaryBase { try objective.change(toRotaryBase: base) }
        }
    }
}

extension Trainer {
    /// This process's part of a step, in passes that take no more tokens than they may.
    private func passes(of packs: [Pack]) throws(SettingsError) -> [Pass] {
        var passes: [(packs: [(number: Int, rowCount: Int)], parts: [TrainingBatch], rowCount: Int)] = []
        for (index, pack) in packs.enumerated() where index % ranks.count == ranks.rank {
            let part = objective.batch(of: pack)
            try check(part)
            let rowCount = part.batch.rowCount
            if let last = passes.last, rowCount <= settings.passTokenLimit - last.rowCount {
                passes[passes.count - 1].packs.append((pack.number, rowCount))
                passes[passes.count - 1].parts.append(part)
                passes[passes.count - 1].rowCount += rowCount
            } else {
                passes.append(([(pack.number, rowCount)], [part], rowCount))
            }
        }
        return passes.map { Pass(packs: $0.packs, batch: TrainingBatch(joining: $0.parts)) }
    }

    /// Data of another vocabulary would read memory that is not the table's.
    private func check(_ batch: TrainingBatch) throws(SettingsError) {
        let limit = objective.vocabularyCount
        guard let row = batch.batch.tokens.firstIndex(where: { $0 < 0 || Int($0) >= limit }) else { return }
        throw SettingsError(problems: [
            .init(
                "data",
                "hold the token \(batch.batch.tokens[row]), and the model knows \(limit); tokenise them with the model's tokenizer"
            )
        ])
    }

    /// Adds up losses and gradients of a step, over its passes and over all processes.
    private func learn(
        from passes: [Pass], step: Int, tokenCount: Int
    ) throws -> StepSums {
        var sums = StepSums()
        let bits = KeyedBits(seed: settings.seed).branch(UInt64(step))
        let supervisedCount = passes.reduce(0) { $0 + $1.batch.supervisedCount }
        let total = Int(try ranks.sum([Double(supervisedCount)])[0])
        for pass in passes {
            let batch = pass.batch
            if tape.options.adapterDropout > 0 {
                tape.dropoutSeeds = DropoutSeeds(
                    parts: pass.packs.map { (bits.bits(at: UInt64($0.number)), $0.rowCount) }, selected: batch.rows)
            }
            // The loss of balance is a mean over rows, where all others are sums that the optimizer divides.
            tape.options.balanceWeight =
                settings.balanceWeight * Float(total) * Float(batch.batch.rowCount) / Float(tokenCount)
            do {
                let weights =
                    batch.lossWeights.isEmpty ? [Float](repeating: 1, count: batch.rows.count) : batch.lossWeights
                sums.add(try objective.losses(of: batch, weights: weights, on: tape), of: batch)
            } catch {
                tape.discard()
                throw error
            }
            if let loss = tape.balance.loss {
                sums.balance += loss * Double(batch.batch.rowCount) / Double(tokenCount)
                sums.hasBalance = true
            }
            tape.backward()
        }
        let shared = try ranks.sum([sums.loss, Double(sums.supervisedCount), sums.balance, sums.weight])
        (sums.loss, sums.supervisedCount, sums.balance) = (shared[0], Int(shared[1]), shared[2])
        sums.weight = shared[3]
        if ranks.count > 1 {
            for path in tape.gradients.paths { if let buffer = tape.gradients[path] { try ranks.sum(buffer.elements) } }
        }
        return sums
    }

    /// The samples with the highest losses, of those of all processes.
    private func worst(of sums: StepSums) throws -> [SampleReference] {
        let fieldCount = 5
        var own: [Double] = []
        for (reference, mean) in sums.worst {
            own += [mean, Double(reference.source), Double(reference.document)]
            own += [Double(reference.tokens.lowerBound), Double(reference.tokens.upperBound)]
        }
        // Places that stay empty are told by a loss that none has.
        own += Array(repeating: -1, count: StepFault.sampleLimit * fieldCount - own.count)
        var samples = StepSums()
        for fields in try ranks.gather(own) {
            for start in stride(from: 0, to: fields.count, by: fieldCount) where fields[start] >= 0 {
                let numbers = fields[(start + 1)..<(start + fieldCount)].map { Int($0) }
                samples.add(
                    SampleReference(source: numbers[0], document: numbers[1], tokens: numbers[2]..<numbers[3]),
                    mean: fields[start])
            }
        }
        return samples.worst.map(\.reference)
    }

    private func change(step: Int, learningRate: Double, weight: Double) throws(StepFault) -> OptimizerStep {
        do throws(OptimizerError) {
            return try optimizer.step(learningRate: learningRate, gradientScale: 1 / weight)
        } catch {
            throw StepFault(step: step, kind: .gradients(error.paths), samples: [])
        }
    }
}

/// Packs that go through the model together.
private struct Pass {
    var packs: [(number: Int, rowCount: Int)]
    var batch: TrainingBatch
}

/// What the passes of a step add up to.
private struct StepSums {
    var loss = 0.0
    var supervisedCount = 0
    /// What the rows count together, which losses and gradients are divided by.
    var weight = 0.0
    var balance = 0.0
    var hasBalance = false
    /// For samples whose rows have losses: the mean, or infinity where one is no number.
    private var samples: [(reference: SampleReference, mean: Double)] = []

    var meanLoss: Double { supervisedCount == 0 ? .nan : loss / weight }
    var balanceLoss: Double? { hasBalance ? balance : nil }

    /// The samples with the highest losses.
    var worst: ArraySlice<(reference: SampleReference, mean: Double)> {
        samples.sorted { $0.mean > $1.mean }.prefix(StepFault.sampleLimit)
    }

    func fault(_ judgement: LossWatch.Judgement?) -> StepFault.Kind? {
        guard supervisedCount > 0 else { return .nothingToLearn }
        guard loss.isFinite else { return .loss }
        guard case .spike(let deviations) = judgement else { return nil }
        return .spike(loss: meanLoss, deviations: deviations)
    }

    mutating func add(_ losses: [Float], of batch: TrainingBatch) {
        supervisedCount += losses.count
        var next = 0
        func weight(of row: Int) -> Double { batch.lossWeights.isEmpty ? 1 : Double(batch.lossWeights[row]) }
        for (sequence, reference) in zip(batch.batch.sequences, batch.references) {
            let first = next
            var sum = 0.0
            while next < batch.rows.count, batch.rows[next] < sequence.rows.upperBound {
                sum += Double(losses[next]) * weight(of: next)
                self.weight += weight(of: next)
                next += 1
            }
            guard next > first else { continue }
            loss += sum
            add(reference, mean: sum.isFinite ? sum / Double(next - first) : .infinity)
        }
    }

    mutating func add(_ sample: SampleReference, mean: Double) { samples.append((sample, mean)) }
}

extension TrainingPlan {
    /// Checks that a model can follow the plan.
    func check(against objective: any TrainingObjective, sourceCount: Int) throws(SettingsError) {
        var check = SettingsCheck()
        for phase in phases {
            check.expect(
                phase.packLength <= objective.sequenceLimit, "phase “\(phase.name)”.max_length",
                "is \(phase.packLength), and the model reads \(objective.sequenceLimit) tokens at most; shorten it")
            check.expect(
                phase.sourceWeights.count == sourceCount, "phase “\(phase.name)”.weights",
                "are \(phase.sourceWeights.count) for \(sourceCount) sources; give one for each")
        }
        check.expect(
            !objective.trained.isEmpty, "model", "has no parameter that is trained, so that nothing would be learned")
        try check.finish()
    }
}
