import GygesFiles
import Foundation
import GygesTraining
import Synchronization
import Testing

@testable import gyges

/// What a terminal and a pipe show of a training.
@Suite struct TrainingLineTests {
    private static let record = MetricRecord(
        step: 120, time: 0,
        [
            "loss": 2.3141, "grad_norm": 0.41, "learning_rate": 3e-5, "num_tokens": 491_520,
            "tokens_per_second": 12_431.4,
        ])

    private static func line(_ record: MetricRecord = record, secondsLeft: Double? = 2530) -> TrainingLine {
        TrainingLine(
            record: record, stepCount: 2000, losses: [11, 8, 6, 4, 3, 2.5, 2.3141], memory: 1_912_000_000,
            secondsLeft: secondsLeft, nextCheckpoint: 200)
    }

    @Test("A wide terminal shows everything, a narrow one what matters most, and none is overrun")
    func live() {
        let wide = Self.line().live(width: 200)
        #expect(
            wide
                == "step 120/2000  █░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  loss 2.314  █▆▄▂▁▁▁  grad 0.410  lr 3.00e-05  12.4k tokens/s  1.91 GB  "
                + "save at 200  42:10 left")
        #expect(Self.line().live(width: 40) == "step 120/2000  loss 2.314  42:10 left")
        for width in 0...220 { #expect(Self.line().live(width: width).count <= max(width - 1, 0), "\(width)") }
        #expect(Self.line().live(width: 80).contains("tokens/s"))
    }

    @Test("The first step has neither a rate nor a curve")
    func first() {
        let record = MetricRecord(step: 1, time: 0, ["loss": 11.25])
        let line = TrainingLine(record: record, stepCount: nil, losses: [11.25])
        #expect(line.live(width: 200) == "step 1  loss 11.25" && line.plain == "step 1, loss 11.25")
    }

    @Test("A plain line has every number under its name")
    func plain() {
        #expect(
            Self.line().plain
                == "step 120/2000, loss 2.314, grad_norm 0.410, learning_rate 3.00e-05, num_tokens 491520, tokens_per_second 12431, "
                + "1.91 GB, 42:10 left")
        let held = MetricRecord(step: 200, time: 0, ["eval_loss": 2.25])
        #expect(TrainingLine(record: held, stepCount: 2000).plain == "step 200/2000, eval_loss 2.250")
    }

    @Test("What is no number is said")
    func nonFinite() {
        let record = MetricRecord(step: 3, time: 0, ["loss": .nan, "grad_norm": .infinity, "learning_rate": 0])
        let line = TrainingLine(record: record, stepCount: 9, losses: [1, 2, .nan])
        #expect(line.plain == "step 3/9, loss NaN, grad_norm Infinity, learning_rate 0")
        #expect(line.live(width: 200).contains("▁█×"))
        #expect(TrainingLine.sparkline([.nan, .nan]) == "××" && TrainingLine.sparkline([2.0, 2]) == "▄▄")
        #expect(TrainingLine.sparkline([-1e308, 0, 1e308, 1e308]) == "▁▅██" && TrainingLine.sparkline([]) == "")
    }

    @Test(
        "Numbers have few digits, whatever their size",
        arguments: [
            ("loss", 0.0, "0.000"), ("loss", 12.345, "12.35"), ("loss", 123.45, "123.5"), ("loss", 5e-7, "5.00e-07"),
            ("grad_norm", 1.5e6, "1.50e+06"), ("num_tokens", 1e12, "1000000000000"), ("learning_rate", 1.0, "1.00e+00"),
            ("loss", -.infinity, "-Infinity"),
        ] as [(String, Double, String)])
    func numbers(name: String, value: Double, text: String) { #expect(TrainingLine.number(value, of: name) == text) }

    @Test("What is in memory is known, and grows with what is touched")
    func memory() throws {
        let before = try #require(ResidentMemory.byteCount)
        let touched = Array(repeating: UInt8(1), count: 64 << 20)
        let after = try #require(ResidentMemory.byteCount)
        // Others may give memory back meanwhile.
        #expect(withExtendedLifetime(touched) { after > before + 32 << 20 })
    }

    @Test("A pipe gets a line for each record that is logged, a terminal every step in one place")
    func display() {
        func shown(isInteractive: Bool, _ form: TrainingDisplay.Form = .text) -> String {
            let written = Mutex("")
            let display = TrainingDisplay(
                stepCount: 4, form: form, terminal: Terminal(isInteractive: isInteractive, width: 40)
            ) { text in written.withLock { $0 += text } }
            for step in 1...4 {
                display.show(
                    MetricRecord(step: step, time: 0, ["loss": Double(step)]), isLogged: step % 2 == 0, memory: nil)
                if step == 2 {
                    display.show(MetricRecord(step: 2, time: 0, ["eval_loss": 9]), isLogged: true)
                    display.remark("saved")
                }
            }
            display.finish()
            return written.withLock { $0 }
        }
        #expect(
            shown(isInteractive: false)
                == "step 2/4, loss 2.000\nstep 2/4, eval_loss 9.000\nsaved\nstep 4/4, loss 4.000\n")
        let live = shown(isInteractive: true)
        let drawn = live.components(separatedBy: "\r\u{1B}[K")
        // The first step is drawn, and the evaluation and the remark in its place; the last step is, too.
        #expect(drawn.contains("step 2/4, eval_loss 9.000\n") && drawn.contains("saved\n"))
        #expect(drawn.last == "step 4/4  ██████████  loss 4.000\n" || drawn.last?.contains("step 4/4") == true)
        #expect(live.hasSuffix("\n") && live.filter { $0 == "\n" }.count == 3)
        #expect(shown(isInteractive: true, .quiet) == "saved\n")
    }
}
