import Foundation
import GygesFiles
import GygesTraining
import Testing

/// Schedules against transformers' (`scripts/fixtures/make_schedules.py`) and ModernBERT's published figures.
@Suite struct ScheduleTests {
    private static let cases: [String: LearningRateSchedule] = [
        "constant": LearningRateSchedule(length: 40, warmUp: 7, decay: .constant),
        "linear": LearningRateSchedule(length: 40, warmUp: 7, decay: .linear),
        "cosine": LearningRateSchedule(length: 40, warmUp: 7),
        "cosine-to": LearningRateSchedule(length: 40, warmUp: 7, endFactor: 0.1),
        "trapezoid-linear": LearningRateSchedule(
            length: 40, warmUp: 7, startFactor: 0.02, decay: .linear, decayLength: 12, endFactor: 0.02),
        "trapezoid-cosine": LearningRateSchedule(
            length: 40, warmUp: 7, startFactor: 0.02, decay: .cosine, decayLength: 12, endFactor: 0.02),
        "trapezoid-1-sqrt": LearningRateSchedule(
            length: 40, warmUp: 7, startFactor: 0.02, decay: .oneMinusSqrt, decayLength: 12, endFactor: 0.02),
    ]

    @Test(arguments: cases.keys.sorted())
    func followsTheReference(name: String) throws {
        let path = try #require(Bundle.module.path(forResource: "schedules", ofType: "json", inDirectory: "Fixtures"))
        let expected = try #require(try JSON.read(path: path)[name]?.array).compactMap(\.double)
        let schedule = try #require(Self.cases[name])
        try schedule.check()
        #expect(expected.count == 41)
        for (step, factor) in expected.enumerated() {
            #expect(abs(schedule.factor(at: step) - factor) < 1e-14, "step \(step)")
        }
    }

    /// ModernBERT's annealing: f(n) = α + (1 - α)(1 - √(n / N)) over 50 billion tokens (its paper's table 3).
    @Test func annealsOverTokens() throws {
        let schedule = LearningRateSchedule(length: 50_000_000_000, decay: .oneMinusSqrt, endFactor: 0.001)
        try schedule.check()
        #expect(schedule.factor(at: 0) == 1)
        #expect(abs(schedule.factor(at: 12_500_000_000) - (0.001 + 0.999 * 0.5)) < 1e-15)
        #expect(schedule.factor(at: 50_000_000_000) == 0.001)
        // Warm-up from almost nothing, as its first phase.
        let first = LearningRateSchedule(
            length: 1_719_000_000_000, warmUp: 3_000_000_000, startFactor: 1e-10, decay: .constant)
        #expect(first.factor(at: 0) == 1e-10 && abs(first.factor(at: 1_500_000_000) - 0.5) < 1e-9)
        #expect(first.factor(at: 3_000_000_000) == 1)
    }

    /// 768 to 4,608 sequences of 1,024 tokens over 50 billion: 4,239 steps a size.
    @Test func batchesGrowAsModernBERTs() throws {
        let schedule = BatchSizeSchedule(6, from: 1, warmUp: 50_000_000_000)
        try schedule.check()
        var steps = [Int](repeating: 0, count: 7), tokens = 0
        while tokens < 50_000_000_000 {
            let size = schedule.packCount(at: tokens, countedIn: .tokens)
            steps[size] += 1
            tokens += size * 768 * 1024
        }
        #expect(steps[1...5].allSatisfy { (4238...4240).contains($0) } && steps[6] == 0)
        #expect(schedule.packCount(at: tokens, countedIn: .tokens) == 6)
        let stepped = BatchSizeSchedule(5, from: 2, warmUp: 9)
        #expect((0..<11).map { stepped.packCount(at: $0, countedIn: .steps) } == [2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5])
        #expect(BatchSizeSchedule(3).packCount(at: 0, countedIn: .steps) == 3)
        // Numbers whose products overflow 64 bits.
        let long = BatchSizeSchedule(1 << 20, from: (1 << 20) - 3, warmUp: .max)
        #expect(long.packCount(at: .max - 1, countedIn: .tokens) == (1 << 20) - 1)
    }

    @Test func schedulesThatCannotBeFollowedAreRefused() throws {
        func problems(_ schedule: LearningRateSchedule) -> [String] {
            do { try schedule.check() } catch { return error.problems.map(\.setting) }
            return []
        }
        #expect(problems(LearningRateSchedule(length: 0)) == ["schedule.length"])
        #expect(problems(LearningRateSchedule(length: 10, warmUp: 10)) == ["schedule.warmup"])
        #expect(problems(LearningRateSchedule(length: 10, warmUp: .max)) == ["schedule.warmup"])
        #expect(
            problems(LearningRateSchedule(length: 10, warmUp: 4, decayLength: 7, endFactor: 2))
                == ["schedule.end_factor", "schedule.decay_length"])
        #expect(
            problems(LearningRateSchedule(length: 10, warmUp: -1, startFactor: .nan, decay: .constant, decayLength: 0))
                == ["schedule.warmup", "schedule.start_factor", "schedule.decay_length", "schedule.decay_length"])
        for batch in [
            BatchSizeSchedule(0), BatchSizeSchedule(2, from: 3, warmUp: 5), BatchSizeSchedule(3, from: 2),
            BatchSizeSchedule(3, from: 2, warmUp: -1), BatchSizeSchedule(.max),
        ] {
            #expect(throws: SettingsError.self) { try batch.check() }
        }
    }

    private static func phase(
        _ name: String, length: Int, packLength: Int = 8, weights: [Double] = [1]
    ) -> TrainingPhase {
        TrainingPhase(
            name: name, optimizer: OptimizerSettings(learningRate: name == "a" ? 2 : 1),
            schedule: LearningRateSchedule(length: length, decay: .linear), batch: BatchSizeSchedule(4),
            packLength: packLength, sourceWeights: weights)
    }

    @Test func phasesFollowOneAnother() throws {
        let plan = try TrainingPlan(
            unit: .tokens, phases: [Self.phase("a", length: 100), Self.phase("b", length: 50)])
        #expect(plan.length == 150)
        let first = try #require(plan.place(at: TrainingProgress(steps: 3, tokens: 50)))
        #expect(first.phase == 0 && first.position == 50 && first.learningRate == 1 && first.packCount == 4)
        // A last step that read 10 tokens too many shortens the next phase by them.
        let second = try #require(plan.place(at: TrainingProgress(steps: 9, tokens: 110)))
        #expect(second.phase == 1 && second.position == 10 && second.learningRate == 0.8)
        #expect(plan.place(at: TrainingProgress(steps: 9, tokens: 150)) == nil)
        let steps = try TrainingPlan(unit: .steps, phases: plan.phases)
        #expect(steps.place(at: TrainingProgress(steps: 99, tokens: 1))?.phase == 0)
        #expect(steps.place(at: TrainingProgress(steps: 100, tokens: 1))?.phase == 1)
    }

    @Test func plansThatCannotBeFollowedAreRefused() throws {
        for phases in [
            [], [Self.phase("a", length: 0)], [Self.phase("a", length: 5, packLength: 1)],
            [Self.phase("a", length: 5, weights: [])], [Self.phase("a", length: 5, weights: [0, 0])],
            [Self.phase("a", length: 5, weights: [1, -1])],
            [Self.phase("a", length: .max), Self.phase("b", length: 1)],
        ] {
            #expect(throws: SettingsError.self) { _ = try TrainingPlan(unit: .steps, phases: phases) }
        }
    }
}
