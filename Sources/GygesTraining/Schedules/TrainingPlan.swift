/// What a run's length and its schedules are counted in.
public enum ProgressUnit: String, Sendable, CaseIterable {
    /// Steps of the optimizer.
    case steps
    /// Tokens that were read, supervised or not.
    case tokens
}

/// How far a run has come.
public struct TrainingProgress: Sendable, Equatable {
    /// The steps made.
    public var steps: Int
    /// The tokens that those steps read.
    public var tokens: Int

    /// Creates a progress; by default none.
    public init(steps: Int = 0, tokens: Int = 0) {
        self.steps = steps
        self.tokens = tokens
    }

    /// The count in a unit.
    public subscript(unit: ProgressUnit) -> Int { unit == .steps ? steps : tokens }
}

/// A part of a run with settings of its own. What the optimizer remembers is carried from phase to phase.
public struct TrainingPhase: Sendable, Equatable {
    /// What the journal calls it.
    public var name: String
    /// How the optimizer works.
    public var optimizer: OptimizerSettings
    /// How long the phase is and how the learning rate changes over it.
    public var schedule: LearningRateSchedule
    /// How many packs a step takes.
    public var batch: BatchSizeSchedule
    /// The tokens of a pack, and the most of a sequence.
    public var packLength: Int
    /// The base of the rotary angles; `nil` for the model's own, or that of the phase before.
    public var rotaryBase: Double?
    /// The share of each source's tokens, in the order of the sources and of any sum.
    public var sourceWeights: [Double]

    /// Creates a phase.
    public init(
        name: String, optimizer: OptimizerSettings, schedule: LearningRateSchedule, batch: BatchSizeSchedule,
        packLength: Int, rotaryBase: Double? = nil, sourceWeights: [Double] = [1]
    ) {
        self.name = name
        self.optimizer = optimizer
        self.schedule = schedule
        self.batch = batch
        self.packLength = packLength
        self.rotaryBase = rotaryBase
        self.sourceWeights = sourceWeights
    }
}

/// The phases of a run, one after another.
///
/// Everything is a function of the run's progress, so that a run that goes on needs to know no more than that.
public struct TrainingPlan: Sendable, Equatable {
    /// What lengths and schedules are counted in.
    public var unit: ProgressUnit
    /// The phases in order.
    public var phases: [TrainingPhase]

    /// Where a run stands in its plan.
    public struct Place: Sendable, Equatable {
        /// The number of the phase, from 0.
        public var phase: Int
        /// The steps or tokens since the phase began.
        public var position: Int
        /// The learning rate of the step that begins here, before factors of groups.
        public var learningRate: Double
        /// The packs of that step.
        public var packCount: Int
    }

    /// Creates a plan.
    ///
    /// - Throws: ``SettingsError`` with every problem of its phases by themselves.
    public init(unit: ProgressUnit, phases: [TrainingPhase]) throws(SettingsError) {
        self.unit = unit
        self.phases = phases
        var check = SettingsCheck()
        check.expect(!phases.isEmpty, "phases", "are missing; give at least one")
        var total = 0
        for phase in phases {
            let setting = "phase “\(phase.name)”"
            check.merge { () throws(SettingsError) in try phase.schedule.check() }
            check.merge { () throws(SettingsError) in try phase.batch.check() }
            check.expect(
                phase.packLength > 1, setting + ".length",
                "is \(phase.packLength); give at least two tokens, so that one can be predicted")
            check.expect(
                phase.rotaryBase.map { $0 > 1 && $0.isFinite } ?? true, setting + ".rope_theta",
                "is \(phase.rotaryBase ?? 0); give a number above 1")
            check.expect(
                !phase.sourceWeights.isEmpty && phase.sourceWeights.allSatisfy { $0 >= 0 && $0.isFinite }
                    && phase.sourceWeights.contains { $0 > 0 }, setting + ".weights",
                "are \(phase.sourceWeights); give each source a number from 0 on, and one of them more than 0")
            let (sum, overflow) = total.addingReportingOverflow(max(0, phase.schedule.length))
            check.expect(!overflow, setting + ".length", "makes the run longer than can be counted; shorten it")
            total = overflow ? .max : sum
        }
        try check.finish()
    }

    /// No phase: what stands for a plan that was refused.
    init(unit: ProgressUnit) {
        self.unit = unit
        phases = []
    }

    /// The length of the whole run.
    public var length: Int { phases.reduce(0) { $0 + $1.schedule.length } }

    /// Where a run stands; `nil` at its end. Tokens of a phase's last step that exceed its length count for the next.
    public func place(at progress: TrainingProgress) -> Place? {
        var position = progress[unit]
        for (index, phase) in phases.enumerated() {
            if position < phase.schedule.length {
                return Place(
                    phase: index, position: position,
                    learningRate: phase.optimizer.learningRate * phase.schedule.factor(at: position),
                    packCount: phase.batch.packCount(at: position, countedIn: unit))
            }
            position -= phase.schedule.length
        }
        return nil
    }
}
