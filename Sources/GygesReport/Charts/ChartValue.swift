import GygesAnalysis
import GygesFiles
import GygesStatistics

/// One value behind a chart: as the page shows it, and as files have it.
enum ChartValue {
    case text(String)
    case count(Int)
    /// A number that the page shows with so many decimals.
    case number(Double?, decimals: Int, isSigned: Bool = false)
    /// A number of any size, which the page shows in a few digits.
    case measured(Double)
    /// A share of 1, shown in percent.
    case share(Double?)
    /// A difference of shares, shown in percentage points.
    case difference(Double?)
    case pValue(Double?)
    /// An interval of a share.
    case shares(Interval?)
    /// An interval of a difference of shares.
    case differences(Interval?)
    /// A rate as counts: so many of so many.
    case counts(StudyAnalysis.Rate)

    /// The value for readers.
    var shown: String {
        switch self {
        case .text(let text): text
        case .count(let count): "\(count)"
        case .number(let number, let decimals, let isSigned):
            number.map { Numbers.fixed($0, decimals, signed: isSigned) } ?? "–"
        case .measured(let number): number.isFinite ? Numbers.brief(number) : JSON.pythonRepresentation(of: number)
        case .share(let share): Numbers.percent(share)
        case .difference(let difference): Numbers.points(difference)
        case .pValue(let p): p.map { Numbers.pValue($0) } ?? "–"
        case .shares(let interval): interval.map { Numbers.percent($0) } ?? "–"
        case .differences(let interval): interval.map { Numbers.points($0) } ?? "–"
        case .counts(let rate): Numbers.counts(rate)
        }
    }

    /// The columns of a file that the value takes, under this heading.
    func columns(_ heading: String) -> [String] {
        switch self {
        case .shares, .differences: ["\(heading), lower", "\(heading), upper"]
        case .counts: [heading, "\(heading), of"]
        default: [heading]
        }
    }

    /// The value in those columns; empty where there is none.
    var fields: [String] {
        func field(_ value: Double?) -> String { value.map { $0.isFinite ? "\($0)" : "" } ?? "" }
        return switch self {
        case .text(let text): [text]
        case .count(let count): ["\(count)"]
        case .number(let number, _, _): [field(number)]
        case .measured(let number): [JSON.pythonRepresentation(of: number)]
        case .share(let value), .difference(let value), .pValue(let value): [field(value)]
        case .shares(let interval), .differences(let interval): [field(interval?.lower), field(interval?.upper)]
        case .counts(let rate): [Numbers.total(rate), "\(rate.count)"]
        }
    }

    /// The value in those columns as JSON; null where there is none.
    var json: [JSON] {
        func number(_ value: Double?) -> JSON { value.flatMap { $0.isFinite ? .double($0) : nil } ?? .null }
        return switch self {
        case .text(let text): [.string(text)]
        case .count(let count): [.integer(count)]
        case .number(let value, _, _), .share(let value), .difference(let value), .pValue(let value): [number(value)]
        case .measured(let value): [number(value)]
        case .shares(let interval), .differences(let interval): [number(interval?.lower), number(interval?.upper)]
        case .counts(let rate): [number(rate.total), .integer(rate.count)]
        }
    }
}
