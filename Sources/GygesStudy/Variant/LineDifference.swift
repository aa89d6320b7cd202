/// How one text becomes another, line by line.
public struct LineDifference: Sendable, Equatable, Codable {
    /// One line and what becomes of it.
    public struct Line: Sendable, Equatable, Codable {
        /// What becomes of a line.
        public enum Change: String, Sendable, Codable {
            case kept, removed, added
        }

        /// What becomes of it.
        public var change: Change
        /// Its text, without a line break.
        public var text: String
    }

    /// All lines of both texts; of a place that changes, what is removed comes first.
    public var lines: [Line]

    /// Whether the texts are the same.
    public var isEmpty: Bool { lines.allSatisfy { $0.change == .kept } }

    /// Finds a shortest way from `old` to `new` (Myers 1986, by the standard library).
    ///
    /// - Complexity: O(n · d) for n lines of which d differ.
    public init(from old: String, to new: String) {
        let (before, after) = (Self.lines(of: old), Self.lines(of: new))
        let difference = after.difference(from: before)
        let removed = Set(
            difference.removals.map { if case .remove(let offset, _, _) = $0 { offset } else { -1 } })
        let added = Set(
            difference.insertions.map { if case .insert(let offset, _, _) = $0 { offset } else { -1 } })
        lines = []
        var (i, j) = (0, 0)
        while i < before.count || j < after.count {
            if removed.contains(i) {
                lines.append(Line(change: .removed, text: before[i]))
                i += 1
            } else if added.contains(j) {
                lines.append(Line(change: .added, text: after[j]))
                j += 1
            } else {
                lines.append(Line(change: .kept, text: before[i]))
                (i, j) = (i + 1, j + 1)
            }
        }
    }

    private static func lines(of text: String) -> [String] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        return lines
    }

    /// The changed lines with up to `context` kept ones around them; `nil` stands for what was left out.
    public func excerpt(context: Int = 1) -> [Line?] {
        let near = lines.indices.map { index in
            lines[max(0, index - context)...min(lines.count - 1, index + context)].contains { $0.change != .kept }
        }
        var excerpt: [Line?] = []
        for (index, line) in lines.enumerated() {
            if near[index] {
                excerpt.append(line)
            } else if let last = excerpt.last, last != nil {
                excerpt.append(nil)
            } else if excerpt.isEmpty {
                excerpt.append(nil)
            }
        }
        return excerpt
    }
}
