/// A stretch of words with a label: a name, a place.
public struct LabelSpan: Sendable, Hashable {
    /// What it is, without the marks of beginnings and ends.
    public var kind: String
    /// The words.
    public var words: Range<Int>

    /// Names a stretch.
    public init(kind: String, words: Range<Int>) {
        self.kind = kind
        self.words = words
    }

    /// The stretches that tags mark (`B-` begins one, `I-` goes on, `E-` ends, `S-` is one word, `O` is none; Ramshaw & Marcus 1995), read as
    /// conlleval and seqeval do: an `I-` behind another kind begins a stretch, too.
    public static func all(in tags: [String]) -> [LabelSpan] {
        var spans: [LabelSpan] = []
        var open: (kind: String, first: Int)?
        var last: (mark: Character, kind: String) = ("O", "")
        for (place, tag) in (tags + ["O"]).enumerated() {
            let current = parts(tag)
            if last.mark != "O", ends(last, current), let begun = open {
                spans.append(LabelSpan(kind: begun.kind, words: begun.first..<place))
                open = nil
            }
            if begins(last, current) { open = (current.kind, place) }
            last = current
        }
        return spans
    }

    private static func parts(_ tag: String) -> (mark: Character, kind: String) {
        guard let mark = tag.first, "BIES".contains(mark), tag == "\(mark)" || tag.dropFirst().first == "-" else {
            // A label without a mark is a kind of its own.
            return tag == "O" || tag.isEmpty ? ("O", "") : ("I", tag)
        }
        return (mark, String(tag.dropFirst(2)))
    }

    private static func ends(_ last: (mark: Character, kind: String), _ current: (mark: Character, kind: String))
        -> Bool
    {
        "ES".contains(last.mark) || "BSO".contains(current.mark) || last.kind != current.kind
    }

    private static func begins(
        _ last: (mark: Character, kind: String), _ current: (mark: Character, kind: String)
    ) -> Bool {
        guard current.mark != "O" else { return false }
        return "BS".contains(current.mark) || "ESO".contains(last.mark) || last.kind != current.kind
    }
}

/// How many stretches were found, and how many there are: what is counted of taggers (seqeval's `micro avg`).
public struct SpanCounts: Sendable, Equatable {
    /// Found where they are, with the right kind.
    public var hits = 0
    /// Found, rightly or not.
    public var found = 0
    /// There to be found.
    public var present = 0

    /// Nothing counted yet.
    public init() {}

    /// Counts a text.
    public mutating func add(truth: [LabelSpan], found spans: [LabelSpan]) {
        hits += Set(truth).intersection(spans).count
        found += spans.count
        present += truth.count
    }

    /// The share of those found that are right; 0 if none was.
    public var precision: Double { found == 0 ? 0 : Double(hits) / Double(found) }
    /// The share of those present that were found; 0 if there is none.
    public var recall: Double { present == 0 ? 0 : Double(hits) / Double(present) }
    /// The harmonic mean of both.
    public var f1: Double { found + present == 0 ? 0 : 2 * Double(hits) / Double(found + present) }
}
