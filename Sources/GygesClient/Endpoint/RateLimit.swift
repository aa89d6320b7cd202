/// A budget that fills evenly to a minute's worth and is drawn from ahead of time: who comes when it is empty is told how
/// long to wait, and those who come later wait longer, in order.
struct RateLimit: Sendable, Equatable {
    /// What a minute allows.
    let perMinute: Double
    private var level: Double
    private var filled: Duration

    /// Starts full.
    ///
    /// - Parameter now: the time on the clock of the later calls.
    init(perMinute: Int, now: Duration) {
        self.perMinute = Double(perMinute)
        level = self.perMinute
        filled = now
    }

    /// Takes `amount` and returns how long to wait before it may be used.
    ///
    /// More than a minute's worth at once is taken as a minute's worth: it could never be afforded otherwise.
    mutating func take(_ amount: Double, now: Duration) -> Duration {
        refill(now)
        level -= min(amount, perMinute)
        return level >= 0 ? .zero : .seconds(-level / perMinute * 60)
    }

    /// Gives back what was taken too much; a negative amount takes what was taken too little.
    mutating func giveBack(_ amount: Double, now: Duration) {
        refill(now)
        level = min(perMinute, level + amount)
    }

    private mutating func refill(_ now: Duration) {
        let minutes = (now - filled) / .seconds(60)
        guard minutes > 0 else { return }
        level = min(perMinute, level + minutes * perMinute)
        filled = now
    }
}
