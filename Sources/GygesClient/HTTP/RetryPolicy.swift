import FoundationEssentials
import GygesStatistics

/// When a call is tried again, and after how long.
public struct RetryPolicy: Sendable, Equatable {
    /// How often a call is tried in all.
    public var attempts: Int
    /// The pause after the first failure; it doubles with each.
    public var firstPause: Duration
    /// The longest pause.
    public var longestPause: Duration
    /// The longest pause that a server may ask for.
    public var longestRequestedPause: Duration

    /// Creates a policy.
    public init(
        attempts: Int, firstPause: Duration = .milliseconds(500), longestPause: Duration = .seconds(60),
        longestRequestedPause: Duration = .seconds(600)
    ) {
        self.attempts = attempts
        self.firstPause = firstPause
        self.longestPause = longestPause
        self.longestRequestedPause = longestRequestedPause
    }

    /// Whether a status means that the same call may succeed later.
    public static func isTransient(_ status: Int) -> Bool {
        switch status {
        case 408, 409, 425, 429: true
        default: status >= 500
        }
    }

    /// How long to wait before the next attempt.
    ///
    /// The pause grows exponentially and is drawn from its upper half, so that calls which failed together do not come back
    /// together; the draw is the request's own, so that it is the same whenever the request is made. What the server
    /// asks for is a lower bound.
    ///
    /// - Parameters:
    ///   - attempt: how many attempts have failed, from 1.
    ///   - seed: the request's seed.
    ///   - requested: what `Retry-After` says, if it says something.
    public func pause(after attempt: Int, seed: UInt64, requested: Duration? = nil) -> Duration {
        var generator = SeededGenerator(seed: seed, stream: UInt64(clamping: attempt))
        let share = Double(generator.next() >> 11) * 0x1p-53
        let doublings = min(max(0, attempt - 1), 30)
        let pause = min(longestPause, firstPause * Double(1 << doublings)) * (0.5 + 0.5 * share)
        guard let requested else { return pause }
        return max(pause, min(requested, longestRequestedPause))
    }

    /// What the headers `retry-after-ms` and `Retry-After` ask for: a number, or a date (RFC 9110, section 10.2.3). Clocks differ, so a date is
    /// read by the server's own (`Date`) where it says what that shows; `nil` for anything else.
    public static func requestedPause(_ headers: [String: String]) -> Duration? { requestedPause(headers, now: .now) }

    /// The same at a time of our clock.
    static func requestedPause(_ headers: [String: String], now: Date) -> Duration? {
        if let text = headers["retry-after-ms"], let number = Double(text), number.isFinite, (0...1e9).contains(number)
        {
            return .milliseconds(number)
        }
        if let text = headers["retry-after"], let number = Double(text), number.isFinite, (0...1e9).contains(number) {
            return .seconds(number)
        }
        if let date = headers["retry-after"].flatMap(secondsOfHTTPDate) {
            let seconds = date - (headers["date"].flatMap(secondsOfHTTPDate) ?? now.timeIntervalSince1970)
            return .seconds(min(max(0, seconds), 1e9))
        }
        return nil
    }
}
