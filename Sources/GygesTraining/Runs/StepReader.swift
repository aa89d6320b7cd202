import GygesFiles

/// The data of a run, step by step: how many packs a step takes, from which mixture and of which length, as the plan says.
public struct StepReader: Sendable {
    /// What a step learns from.
    public struct Step: Sendable {
        /// Where it stands in the plan.
        public var place: TrainingPlan.Place
        /// Its packs; fewer than planned at the end of data that are read so many times and no more.
        public var packs: [Pack]

        /// The tokens in them.
        public var tokenCount: Int { packs.reduce(0) { $0 + $1.documents.reduce(0) { $0 + $1.tokens.count } } }
    }

    /// How far the run has come.
    public private(set) var progress: TrainingProgress
    /// The phase of the last step.
    public private(set) var phase: Int
    private let plan: TrainingPlan
    private let data: DataSettings
    private(set) var stream: DataStream

    /// Steps from the beginning, or after those of a state.
    ///
    /// - Parameter data: How data are read; length and weights are those of the plan's phases.
    /// - Throws: ``SettingsError`` if settings are wrong, or the state belongs to other data or settings; `FileError` if data cannot be read.
    public init(
        _ plan: TrainingPlan, of sources: [any DocumentStore], data: DataSettings, from state: Trainer.State? = nil
    ) throws {
        self.plan = plan
        self.data = data
        progress = state?.progress ?? TrainingProgress()
        phase = state?.phase ?? 0
        guard plan.phases.indices.contains(phase) else {
            throw SettingsError(problems: [
                .init(
                    "phases",
                    "are \(plan.phases.count), and the run stood in number \(phase + 1); give those that it began with")
            ])
        }
        stream = try DataStream(of: sources, settings: data.of(plan.phases[phase]), from: state?.cursor)
    }

    /// The next step; `nil` at the end of the plan or of the data.
    ///
    /// - Throws: `FileError` if data cannot be read; ``SettingsError`` if those of the next phase are wrong.
    public mutating func next() throws -> Step? {
        guard let place = plan.place(at: progress) else { return nil }
        while phase < place.phase {
            phase += 1
            try stream.change(to: data.of(plan.phases[phase]))
        }
        var packs: [Pack] = []
        while packs.count < place.packCount, let pack = try stream.next() { packs.append(pack) }
        guard !packs.isEmpty else { return nil }
        let step = Step(place: place, packs: packs)
        progress = TrainingProgress(steps: progress.steps + 1, tokens: progress.tokens + step.tokenCount)
        return step
    }
}

extension Recipe {
    /// What a step of a run learns from; `nil` if the plan or the data end before it.
    ///
    /// - Parameter number: From 1.
    /// - Throws: As ``StepReader``.
    /// - Complexity: O(tokens up to the step).
    public func step(_ number: Int, of sources: [any DocumentStore]) throws -> StepReader.Step? {
        var reader = try StepReader(plan, of: sources, data: data)
        while let step = try reader.next() {
            if reader.progress.steps == number { return step }
        }
        return nil
    }
}

extension DataSettings {
    /// How data are read in a phase.
    fileprivate func of(_ phase: TrainingPhase) -> DataSettings {
        var data = self
        data.packLength = phase.packLength
        data.weights = phase.sourceWeights
        return data
    }
}
