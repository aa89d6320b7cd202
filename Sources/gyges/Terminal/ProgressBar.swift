import Foundation
import Synchronization

/// Shows progress on standard error: a line that redraws itself on a terminal; elsewhere plain lines now and then, the
/// last of them at 100 %.
final class ProgressBar: Sendable {
    private struct State {
        var meter: ProgressMeter
        var lastDrawn = -Double.infinity
        /// The count that was shown last, of this activity; `nil` if none was.
        var drawnCount: Int?
        var isLineOpen = false
    }

    private let state: Mutex<State>
    private let terminal: Terminal
    /// The minimum time between two drawings, in seconds.
    private let interval: Double
    /// How long work goes on before it is shown at all, in seconds.
    private let delay: Double
    private let isShown: Bool
    private let output: @Sendable (String) -> Void
    private let start = ContinuousClock.now

    /// Creates a bar.
    ///
    /// - Parameters:
    ///   - delay: How long work goes on before it is shown at all, in seconds; what is sooner done is not worth a line.
    ///   - isShown: False where the user asked for quiet.
    init(
        _ unit: ProgressMeter.Unit, delay: Double = 0, isShown: Bool = true, terminal: Terminal = .standardError(),
        write: @escaping @Sendable (String) -> Void = Terminal.writeError
    ) {
        state = Mutex(State(meter: ProgressMeter(unit: unit)))
        self.terminal = terminal
        interval = terminal.isInteractive ? 0.1 : 5
        self.delay = delay
        self.isShown = isShown
        output = write
    }

    /// Takes in how far the work is; cheap enough to call for every piece of work.
    ///
    /// - Parameter total: How much there is in all; `nil` if nobody knows.
    func update(_ activity: String, count: Int, of total: Int?) {
        let elapsed = ContinuousClock.now - start
        let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
        state.withLock { state in
            if activity != state.meter.activity {
                closeLine(&state)
                state.drawnCount = nil
            }
            state.meter.update(activity, count: count, of: total, at: seconds)
            let isEnd = count == total && state.drawnCount != count
            let isDue = state.drawnCount == nil ? seconds >= delay : seconds - state.lastDrawn >= interval || isEnd
            guard isDue else { return }
            state.lastDrawn = seconds
            state.drawnCount = count
            draw(&state)
        }
    }

    /// Shows a remark on a line of its own; an empty one only ends the line.
    func note(_ text: String) {
        state.withLock { state in
            closeLine(&state)
            if !text.isEmpty { write(text + "\n") }
        }
    }

    /// Says something that must be seen, whether progress is shown or not.
    func remark(_ text: String) {
        state.withLock { state in
            closeLine(&state)
            output(text + "\n")
        }
    }

    /// Ends the line, so that whatever is printed next starts on its own.
    func finish() { state.withLock { closeLine(&$0) } }

    private func write(_ text: String) { if isShown { output(text) } }

    private func draw(_ state: inout State) {
        if terminal.isInteractive {
            write("\r\u{1B}[K" + state.meter.bar(width: terminal.width))
            state.isLineOpen = true
        } else {
            write(state.meter.line + "\n")
        }
    }

    private func closeLine(_ state: inout State) {
        if state.isLineOpen { write("\n") }
        state.isLineOpen = false
    }
}
