import GygesTestSupport
import Testing

@testable import GygesTraining

/// What is a spike and what is none, on the shapes that losses have.
@Suite struct LossWatchTests {
    /// What a watch says of each loss of a run.
    private static func judgements(_ losses: [Double], _ settings: LossWatch.Settings = .init()) throws
        -> [LossWatch.Judgement]
    {
        var watch = try LossWatch(settings)
        return losses.map { watch.take($0) }
    }

    /// Losses around a curve, as far apart as batches make them.
    private static func noisy(_ count: Int, noise: Double = 0.05, _ curve: (Double) -> Double) -> [Double] {
        var random = Randomness(7)
        return (0..<count).map { step in
            // Twelve even draws add up to a nearly normal one of deviation 1.
            let draw = (0..<12).reduce(-6) { sum, _ in sum + Double.random(in: 0..<1, using: &random) }
            return curve(Double(step)) + noise * draw
        }
    }

    private static func spikes(_ judgements: [LossWatch.Judgement]) -> [Int] {
        judgements.indices.filter { if case .spike = judgements[$0] { true } else { false } }
    }

    @Test("The fall of a warm-up, a plateau, a slow rise and a step down are normal")
    func normal() throws {
        for losses in [
            Self.noisy(2000) { 11 * (-$0 / 100).exponential + 3 }, Self.noisy(2000) { _ in 3 },
            Self.noisy(2000) { 2 + $0 / 1000 }, Self.noisy(2000) { $0 < 1000 ? 3 : 2 },
            // Two epochs over the same rows: a fall at the border.
            Self.noisy(600, noise: 0.3) { $0 < 300 ? 2.5 : 1.2 },
        ] { #expect(Self.spikes(try Self.judgements(losses)) == []) }
    }

    @Test("Losses that hardly differ stand out only by a share that matters")
    func plateau() throws {
        var losses = Array(repeating: 2.0, count: 300)
        losses[200] = 2.11  // Less than six times 1 % above.
        losses[250] = 2.13
        #expect(Self.spikes(try Self.judgements(losses)) == [250])
        // Near zero the minimum deviation counts.
        var learnt = Array(repeating: 1e-6, count: 300)
        learnt[200] = 0.005
        learnt[250] = 0.007
        #expect(Self.spikes(try Self.judgements(learnt)) == [250])
    }

    @Test("A single spike is found and does not hide the next")
    func single() throws {
        var losses = Self.noisy(400) { _ in 3 }
        losses[150] = 4
        losses[152] = 3.6
        let found = try Self.judgements(losses)
        #expect(Self.spikes(found) == [150, 152])
        guard case .spike(let distance) = found[150] else { return }
        // One above, of a deviation of 0.05 as estimated from 128 losses: within three standard errors of 13 % or so.
        #expect(distance > 13 && distance < 30)
        // With mean and standard deviation the first would hide the second: 3.6 lies 6 × 0.1 above or less.
    }

    @Test("A loss that stays high is a spike until half of the window has seen it")
    func level() throws {
        let losses = Self.noisy(600) { $0 < 300 ? 3 : 5 }
        let found = Self.spikes(try Self.judgements(losses))
        #expect(found.first == 300 && (355...370).contains(found.last ?? 0))
    }

    @Test("What is no number is said at once, whatever is known, and is not remembered")
    func noNumber() throws {
        var watch = try LossWatch()
        for loss in [Double.nan, .infinity, -.infinity, -.nan] { #expect(watch.take(loss) == .notANumber) }
        #expect(watch.recent.isEmpty)
        // Nothing is a spike before half of the window is known.
        for _ in 0..<63 { #expect(watch.take(1) == .normal) }
        #expect(watch.judgement(of: 100) == .normal)
        _ = watch.take(1)
        #expect(watch.judgement(of: 100) == .spike(by: 9900))
    }

    @Test("A watch that goes on judges as one that never stopped")
    func resumes() throws {
        var losses = Self.noisy(500) { 5 - $0 / 200 }
        for place in [170, 171, 333, 400] { losses[place] += 2 }
        losses[300] = .nan
        let whole = try Self.judgements(losses)
        for stop in [0, 1, 100, 172, 301, 450] {
            var first = try LossWatch()
            for loss in losses[..<stop] { _ = first.take(loss) }
            var second = try LossWatch(recent: first.recent)
            #expect(first == second)
            #expect(losses[stop...].map { second.take($0) } == Array(whole[stop...]))
        }
    }

    @Test("Settings that say nothing are refused, each by its name")
    func settings() {
        let error = #expect(throws: SettingsError.self) {
            try LossWatch(.init(windowLength: 0, threshold: .nan, minimumRelativeDeviation: 0, minimumDeviation: 0))
        }
        #expect(error?.problems.map(\.setting) == ["spikes.window", "spikes.threshold", "spikes.minimum_deviation"])
    }
}

extension Double {
    /// e to the power of this, by squaring 1 + x/2²⁰, which is exact enough for a curve.
    fileprivate var exponential: Double {
        var power = 1 + self / 0x1p20
        for _ in 0..<20 { power *= power }
        return power
    }
}
