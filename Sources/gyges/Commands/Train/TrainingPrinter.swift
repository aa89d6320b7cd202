import Foundation
import GygesFiles
import GygesTraining

/// Prints what happens in a run: lines of text, or of JSON.
final class TrainingPrinter {
    private let run: TrainingRun
    private let isJSON: Bool
    private let isQuiet: Bool
    private var lastLine = ContinuousClock.now - .seconds(3600)
    private var lastLoss: Double?
    private var lastHeldOut: HeldOutLoss?

    /// Seconds between lines of steps.
    private static let interval = 5.0

    init(run: TrainingRun, isJSON: Bool, isQuiet: Bool) {
        self.run = run
        self.isJSON = isJSON
        self.isQuiet = isQuiet
    }

    /// Prints an event.
    func report(_ event: TrainingRun.Event) throws {
        switch event {
        case .step(let step, let record):
            lastLoss = step.loss
            if isJSON { return try Output.write(record.json.serialized() + "\n") }
            if let fault = step.fault { return try line("left out: \(fault)") }
            guard ContinuousClock.now - lastLine >= .seconds(Self.interval) || step.progress.steps == 1 else { return }
            lastLine = .now
            try line(text(of: step, record))
        case .heldOut(let loss, let record):
            lastHeldOut = loss
            if isJSON { return try Output.write(record.json.serialized() + "\n") }
            try line(
                "held out: loss \(number(loss.loss)), \(number(loss.bitsPerByte)) bits per byte over \(loss.supervisedCount) tokens"
            )
        case .resumed(let step, let faults):
            for fault in faults { Terminal.writeError("gyges: passed over a damaged checkpoint: \(fault)\n") }
            if !isJSON { try line("going on after step \(step)") }
        case .checkpoint, .written: break
        }
    }

    private func text(of step: StepReport, _ record: MetricRecord) -> String {
        let unit = run.recipe.plan.unit
        let share = Double(step.progress[unit]) / Double(max(1, run.recipe.plan.length))
        let rate = record["tokens_per_second"].map { String(Int($0)) } ?? "?"
        return
            "step \(step.progress.steps) (\(Int(min(share, 1) * 100)) %): loss \(number(step.loss)), gradient \(number(step.gradientNorm)), "
            + "rate \(step.learningRate.formatted(.number.notation(.scientific))), \(rate) tokens/s"
    }

    private func number(_ value: Double) -> String { String(format: "%.4f", value) }

    private func line(_ text: String) throws {
        if !isQuiet { try Output.write(text + "\n") }
    }

    /// Prints how the run ended.
    func finish(_ end: TrainingRun.End) throws {
        let progress = run.trainer.progress, path = run.folder.path
        let ending =
            switch end {
            case .planDone: "done"
            case .dataUsedUp: "done: the data were read as often as the recipe allows"
            case .stopped: "stopped; the same command goes on"
            }
        if isJSON {
            return try Output.write(
                JSON.object([
                    "event": "end", "end": .string("\(end)"), "steps": .integer(progress.steps),
                    "tokens": .integer(progress.tokens),
                    "folder": .string(path),
                ]).serialized() + "\n")
        }
        var sentence = "\(path): \(ending) after \(progress.steps) steps and \(progress.tokens) tokens"
        if let lastLoss { sentence += ", loss \(number(lastLoss))" }
        if let lastHeldOut { sentence += ", held out \(number(lastHeldOut.loss))" }
        try Output.write(sentence + "\n")
        if end != .stopped { try Output.write("The model is in \(path)/model.\n") }
    }
}
