import Foundation
import GygesTraining

/// How far a training is, in one line.
struct TrainingLine {
    /// What was measured at the last step.
    var record: MetricRecord
    /// How many steps there will be; `nil` if nobody knows.
    var stepCount: Int?
    /// The losses of the last steps, oldest first.
    var losses: [Double] = []
    /// The memory that the program holds, in bytes.
    var memory: Int?
    /// The seconds left at the present rate; `nil` until there is one.
    var secondsLeft: Double?
    /// The step after which the run is saved next.
    var nextCheckpoint: Int?

    // MARK: A pipe

    /// A plain line for a log: step, every number under its name, memory, time left.
    var plain: String {
        var pieces = ["step \(record.step)" + (stepCount.map { "/\($0)" } ?? "")]
        pieces += record.metrics.map { "\($0.name) \(Self.number($0.value, of: $0.name))" }
        if let memory { pieces.append(ProgressMeter.byteText(memory)) }
        if let secondsLeft { pieces.append("\(ProgressMeter.durationText(secondsLeft)) left") }
        return pieces.joined(separator: ", ")
    }

    // MARK: A terminal

    /// A line that is redrawn, at most `width - 1` columns wide. Where there is less room, what matters least is left out.
    func live(width: Int) -> String {
        let room = max(width - 1, 0)
        var kept: [Piece] = []
        for piece in pieces.sorted(by: { $0.rank < $1.rank }) {
            let used = kept.reduce(0) { $0 + $1.text.count + Self.gap.count }
            if used + piece.text.count <= room { kept.append(piece) }
        }
        var texts = kept.sorted { $0.place < $1.place }.map(\.text)
        // A bar takes what is left behind the steps, if that is enough to see something.
        let rest = room - texts.joined(separator: Self.gap).count - Self.gap.count
        if let fraction, rest >= 8, !texts.isEmpty {
            texts.insert(ProgressMeter.barText(fraction, cells: min(rest, 30)), at: 1)
        }
        return String(texts.joined(separator: Self.gap).prefix(room))
    }

    private static let gap = "  "

    /// A part of the line: where it stands, and how soon it is left out.
    private struct Piece {
        var place: Int
        var rank: Int
        var text: String
    }

    private var pieces: [Piece] {
        var pieces: [Piece] = []
        /// In the order in which they stand; the lower the rank, the longer it is kept.
        func add(_ rank: Int, _ text: String?) {
            if let text { pieces.append(Piece(place: pieces.count, rank: rank, text: text)) }
        }
        func metric(_ name: String, as title: String) -> String? {
            record[name].map { "\(title) \(Self.number($0, of: name))" }
        }
        add(0, "step \(record.step)" + (stepCount.map { "/\($0)" } ?? ""))
        add(1, metric("loss", as: "loss"))
        add(8, losses.count > 1 ? Self.sparkline(losses.suffix(Self.sparkWidth)) : nil)
        add(4, metric("grad_norm", as: "grad"))
        add(5, metric("learning_rate", as: "lr"))
        add(3, record["tokens_per_second"].map { "\(Self.compact($0)) tokens/s" })
        add(6, memory.map(ProgressMeter.byteText))
        add(7, nextCheckpoint.map { "save at \($0)" })
        add(2, secondsLeft.map { "\(ProgressMeter.durationText($0)) left" })
        return pieces
    }

    private var fraction: Double? {
        stepCount.map { $0 > 0 ? min(max(Double(record.step) / Double($0), 0), 1) : 1 }
    }

    // MARK: Numbers

    /// How many losses the small curve shows.
    static let sparkWidth = 16

    /// Values as a curve of one line, from the minimum to the maximum; `×` for what is no number.
    static func sparkline(_ values: some Collection<Double>) -> String {
        let levels = Array("▁▂▃▄▅▆▇█")
        let finite = values.filter(\.isFinite)
        let (low, high) = (finite.min() ?? 0, finite.max() ?? 0)
        return String(
            values.map { value in
                guard value.isFinite else { return "×" }
                // Halves first: the distance of the largest numbers is none.
                let (share, width) = (value / 2 - low / 2, high / 2 - low / 2)
                return width > 0 ? levels[min(levels.count - 1, Int(share / width * Double(levels.count)))] : levels[3]
            })
    }

    /// A number as it is shown under a name: counts whole, learning rates by their power of ten, others in four digits.
    static func number(_ value: Double, of name: String) -> String {
        guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity" }
        if name.contains("tokens") || name.hasSuffix("bytes") { return String(format: "%.0f", value) }
        if name == "learning_rate" { return value == 0 ? "0" : String(format: "%.2e", value) }
        guard value == 0 || (0.001..<100_000).contains(abs(value)) else { return String(format: "%.2e", value) }
        return String(format: "%.*f", abs(value) < 10 ? 3 : abs(value) < 100 ? 2 : 1, value)
    }

    /// A rate in three digits: `812`, `12.4k`.
    static func compact(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return number(value, of: "") }
        if abs(value) < 999.5 { return String(format: "%.0f", value) }
        if abs(value) < 999_500 { return String(format: "%.*fk", abs(value) < 99_950 ? 1 : 0, value / 1000) }
        return String(format: "%.1fM", value / 1e6)
    }
}
