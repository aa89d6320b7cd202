import GygesFiles

/// What a row of training data says of its text.
public enum RowLabel: Sendable, Equatable {
    /// A label's name.
    case name(String)
    /// A label's number; where values are learned, the value.
    case number(Double)
    /// Labels, of which any number may be right; where values are learned, several values.
    case several([RowLabel])

    /// Reads a label.
    ///
    /// - Throws: ``RowError`` if it is none.
    init(_ json: JSON?, _ key: String) throws(RowError) {
        switch json {
        case .string(let name)?: self = .name(name)
        case let value? where value.double != nil: self = .number(value.double ?? 0)
        case .bool(let isTrue)?: self = .number(isTrue ? 1 : 0)
        case .array(let values)?:
            var labels: [RowLabel] = []
            for value in values {
                let label = try RowLabel(value, key)
                if case .several = label { throw .problem("has “\(key)” with lists in a list") }
                labels.append(label)
            }
            self = .several(labels)
        default: throw .problem("has no “\(key)” that is a name, a number or a list of them")
        }
    }

    /// The label, or those of a list.
    var each: [RowLabel] { if case .several(let labels) = self { labels } else { [self] } }
}
