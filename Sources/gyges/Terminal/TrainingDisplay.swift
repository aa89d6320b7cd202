import Foundation
import GygesFiles
import GygesTraining
import Synchronization

/// Shows a training while it runs: on a terminal a line that redraws itself, in a pipe a plain line for every record that is logged, and
/// with `--json` those records as JSON lines on standard output.
final class TrainingDisplay: Sendable {
    /// What is shown.
    enum Form {
        /// Progress for people, on standard error.
        case text
        /// Records as lines of JSON, on standard output, and remarks on standard error.
        case json
        /// Remarks alone.
        case quiet
    }

    private struct State {
        var line: TrainingLine?
        var meter = ProgressMeter(unit: .items("steps"))
        var losses: [Double] = []
        var lastDrawn = -Double.infinity
        var isLineOpen = false
    }

    private let state = Mutex(State())
    private let stepCount: Int?
    private let form: Form
    private let terminal: Terminal
    private let output: @Sendable (String) -> Void
    private let start = ContinuousClock.now

    /// How often the line is redrawn at most, in seconds.
    private static let interval = 0.1

    /// Creates a display.
    ///
    /// - Parameter stepCount: How many steps there will be; `nil` if nobody knows.
    init(
        stepCount: Int?, form: Form = .text, terminal: Terminal = .standardError(),
        write: @escaping @Sendable (String) -> Void = Terminal.writeError
    ) {
        self.stepCount = stepCount
        self.form = form
        self.terminal = terminal
        output = write
    }

    /// Shows what was measured at a step.
    ///
    /// - Parameters:
    ///   - isLogged: Whether it is one of those that a log gets. A terminal shows every step.
    ///   - memory: The bytes of memory that the program holds.
    ///   - nextCheckpoint: The step after which the run is saved next.
    func show(
        _ record: MetricRecord, isLogged: Bool, memory: Int? = ResidentMemory.byteCount, nextCheckpoint: Int? = nil
    ) {
        if form == .json, isLogged { print(record.json.serialized()) }
        guard form == .text else { return }
        let seconds = start.duration(to: .now) / .seconds(1)
        state.withLock { state in
            state.meter.update("training", count: record.step, of: stepCount, at: seconds)
            guard let loss = record["loss"] else { return showOther(record, isLogged, &state) }
            state.losses = (state.losses + [loss]).suffix(TrainingLine.sparkWidth)
            let line = TrainingLine(
                record: record, stepCount: stepCount, losses: state.losses, memory: memory,
                secondsLeft: record.step == stepCount ? nil : state.meter.secondsLeft, nextCheckpoint: nextCheckpoint)
            state.line = line
            if terminal.isInteractive {
                guard seconds - state.lastDrawn >= Self.interval || record.step == stepCount else { return }
                state.lastDrawn = seconds
                draw(line, &state)
            } else if isLogged {
                output(line.plain + "\n")
            }
        }
    }

    /// A record without a training loss, such as that of an evaluation, stays above the line that is redrawn.
    private func showOther(_ record: MetricRecord, _ isLogged: Bool, _ state: inout State) {
        if isLogged { insert(TrainingLine(record: record, stepCount: stepCount).plain, &state) }
    }

    /// Says something that must be seen, whatever is shown: that a checkpoint was written, that a step was skipped.
    func remark(_ text: String) {
        state.withLock { insert(text, &$0) }
    }

    /// Ends the line, so that whatever is printed next starts on its own.
    func finish() {
        state.withLock { state in
            if terminal.isInteractive, let line = state.line { draw(line, &state) }
            if state.isLineOpen { output("\n") }
            state.isLineOpen = false
            state.line = nil
        }
    }

    /// Writes a line in the place of the one that is redrawn, which goes on below.
    private func insert(_ text: String, _ state: inout State) {
        output((state.isLineOpen ? Self.rubOut : "") + text + "\n")
        state.isLineOpen = false
        if terminal.isInteractive, let line = state.line { draw(line, &state) }
    }

    private func draw(_ line: TrainingLine, _ state: inout State) {
        output(Self.rubOut + line.live(width: terminal.width))
        state.isLineOpen = true
    }

    private static let rubOut = "\r\u{1B}[K"
}
