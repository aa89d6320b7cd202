import Foundation
import Synchronization

/// Shows progress on standard error: a line that redraws itself on a terminal, plain lines now and then elsewhere.
final class ProgressBar: Sendable {
    private struct State {
        var meter: ProgressMeter
        var lastDrawn = -Double.infinity
        var isLineOpen = false
    }

    private let state: Mutex<State>
    private let terminal: Terminal
    /// The least time between two drawings, in seconds.
    private let interval: Double
    private let isShown: Bool
    private let output: @Sendable (String) -> Void
    private let start = ContinuousClock.now

    /// Creates a bar; `isShown` is false where the user asked for quiet.
    init(
        _ unit: ProgressMeter.Unit, isShown: Bool = true, terminal: Terminal = .standardError(),
        write: @escaping @Sendable (String) -> Void = Terminal.writeError
    ) {
        state = Mutex(State(meter: ProgressMeter(unit: unit)))
        self.terminal = terminal
        interval = terminal.isInteractive ? 0.1 : 5
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
            let isNew = activity != state.meter.activity
            if isNew { closeLine(&state) }
            state.meter.update(activity, count: count, of: total, at: seconds)
            guard isNew || seconds - state.lastDrawn >= interval || (count == total && terminal.isInteractive) else {
                return
            }
            state.lastDrawn = seconds
            draw(&state)
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
