import Foundation

/// Turns counts and times into a line that says how far, how fast and how long.
struct ProgressMeter {
    /// What is counted.
    enum Unit: Equatable {
        case bytes
        /// Things with a name in the plural: `samples`, `tokens`.
        case items(String)
    }

    let unit: Unit
    private(set) var activity = ""
    private(set) var count = 0
    /// `nil` where nobody knows.
    private(set) var total: Int? = 0
    /// Counts of the last seconds, oldest first; the rate is taken over them.
    private var history: [(seconds: Double, count: Int)] = []

    /// How far back the rate looks, in seconds: long enough to be calm, short enough to follow a change.
    private static let window = 15.0

    init(unit: Unit) { self.unit = unit }

    /// Takes in the state at a time, in seconds from any fixed moment.
    mutating func update(_ activity: String, count: Int, of total: Int?, at seconds: Double) {
        // Another activity, or a count that falls, is another measurement.
        if activity != self.activity || count < self.count { history = [] }
        self.activity = activity
        self.count = count
        self.total = total
        if let last = history.last, seconds - last.seconds < 0.05, history.count > 1 {
            history[history.count - 1].count = count
        } else {
            history.append((seconds, count))
        }
        while history.count > 2, seconds - history[1].seconds > Self.window { history.removeFirst() }
    }

    /// Counts a second over the last seconds; `nil` until there is something to divide by.
    var rate: Double? {
        guard let first = history.first, let last = history.last, last.seconds - first.seconds >= 0.5,
            last.count > first.count
        else { return nil }
        return Double(last.count - first.count) / (last.seconds - first.seconds)
    }

    /// The seconds left at this rate; `nil` if there is no rate or no total.
    var secondsLeft: Double? {
        guard let rate, let total else { return nil }
        return Double(max(total - count, 0)) / rate
    }

    private var fraction: Double? { total.map { $0 > 0 ? min(Double(count) / Double($0), 1) : 1 } }

    /// The pieces after the activity: `45 %`, `503/1117 MB`, `12.3 MB/s`, `0:49 left`.
    private var pieces: [String] {
        var pieces = fraction.map { ["\(Int($0 * 100)) %"] } ?? []
        switch unit {
        case .bytes: pieces.append(Self.byteText(count) + (total.map { " of " + Self.byteText($0) } ?? ""))
        case .items(let name): pieces.append("\(count)" + (total.map { " of \($0)" } ?? "") + " \(name)")
        }
        if let rate {
            switch unit {
            case .bytes: pieces.append("\(Self.byteText(Int(rate)))/s")
            case .items(let name): pieces.append(String(format: "%.*f \(name)/s", rate < 10 ? 2 : 0, rate))
            }
        }
        if let secondsLeft, let total, count < total { pieces.append("\(Self.durationText(secondsLeft)) left") }
        return pieces
    }

    /// A plain line for a log.
    var line: String { "\(activity): \(pieces.joined(separator: ", "))" }

    /// A line with a bar that fits `width` columns.
    func bar(width: Int) -> String {
        let tail = pieces.joined(separator: "  ")
        let room = width - activity.count - tail.count - 5
        guard let fraction, room >= 8 else { return String("\(activity)  \(tail)".prefix(max(width - 1, 0))) }
        return "\(activity)  \(Self.barText(fraction, cells: min(room, 40)))  \(tail)"
    }

    /// A bar of so many cells, of which a fraction is filled.
    static func barText(_ fraction: Double, cells: Int) -> String {
        let filled = Int(fraction * Double(cells))
        return String(repeating: "█", count: filled) + String(repeating: "░", count: cells - filled)
    }

    /// Bytes in decimal units with three digits or so: `98.4 MB`.
    static func byteText(_ count: Int) -> String {
        let units = ["B", "kB", "MB", "GB", "TB"]
        var value = Double(count)
        var index = 0
        // 999.95 would print as 1000.0.
        while value >= 999.95, index < units.count - 1 {
            value /= 1000
            index += 1
        }
        return index == 0 ? "\(count) B" : String(format: "%.*f %@", value < 10 ? 2 : 1, value, units[index])
    }

    /// A duration as `0:49`, `12:03` or `1:02:03`.
    static func durationText(_ seconds: Double) -> String {
        let seconds = Int(min(seconds.rounded(.up), 359_999))
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
        return hours > 0
            ? String(format: "%d:%02d:%02d", hours, minutes, seconds % 60)
            : String(format: "%d:%02d", minutes, seconds % 60)
    }
}
