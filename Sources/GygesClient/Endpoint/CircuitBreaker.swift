/// Stops asking an endpoint that fails call after call, tries it again with one call after a pause, and gives it up
/// after several such trials.
struct CircuitBreaker: Sendable, Equatable {
    /// What a call may do now.
    enum Admission: Sendable, Equatable {
        /// Go ahead.
        case open
        /// Ask again after this long.
        case wait(Duration)
        /// Give up: the endpoint is down.
        case givenUp
    }

    /// So many failures one after the other stop the calls.
    var tolerated = 8
    /// The first pause; it doubles with each trial that fails.
    var pause: Duration = .seconds(15)
    /// So many trials that fail end it.
    var trials = 4

    private var failuresInRow = 0
    private var failedTrials = 0
    private var closedUntil: Duration?
    private var trialIsUnderWay = false

    /// Whether a call may be made.
    mutating func admission(now: Duration) -> Admission {
        guard let end = closedUntil else { return .open }
        if failedTrials >= trials { return .givenUp }
        if now < end { return .wait(end - now) }
        if trialIsUnderWay { return .wait(.milliseconds(500)) }
        trialIsUnderWay = true
        return .open
    }

    /// A call got an answer that shows the endpoint at work.
    mutating func succeed() {
        failuresInRow = 0
        failedTrials = 0
        closedUntil = nil
        trialIsUnderWay = false
    }

    /// A call failed for reasons that are the endpoint's.
    mutating func fail(now: Duration) {
        failuresInRow += 1
        if trialIsUnderWay {
            trialIsUnderWay = false
            failedTrials += 1
            closedUntil = now + pause * Double(1 << min(failedTrials, 6))
        } else if closedUntil == nil, failuresInRow >= tolerated {
            closedUntil = now + pause
        }
    }

    /// A call was given up before it had an answer.
    mutating func cancel() { trialIsUnderWay = false }
}
