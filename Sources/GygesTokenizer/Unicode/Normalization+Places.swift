/// Following places of text through its composition.
extension Normalization {
    /// Appends the origins of text that stayed as it was.
    static func follow(_ text: UnsafePointer<UInt8>, _ range: Range<Int>, to origins: inout [Origin]?) {
        var index = range.lowerBound
        while index < range.upperBound {
            let (_, width) = decodeScalar(text + index)
            let origin = Origin(lower: Int32(index), upper: Int32(index + width))
            for _ in 0..<width { origins?.append(origin) }
            index += width
        }
    }

    /// Appends the origins of a chunk's composed characters.
    ///
    /// Each takes up as many characters of the source as it counts, in the source's order whatever became of the marks',
    /// and has the place of the first; one that counts as none shares the place of the character taken up last
    /// (`tokenizers`, `NormalizedString::transform_range`).
    static func follow(
        _ text: UnsafePointer<UInt8>, _ chunk: Range<Int>, _ parts: [Part], to origins: inout [Origin]?
    ) {
        var index = chunk.lowerBound
        var last = Origin(lower: Int32(index), upper: Int32(index))
        for part in parts {
            var first: Origin?
            for _ in 0..<max(0, part.sourceCount) where index < chunk.upperBound {
                let (_, width) = decodeScalar(text + index)
                last = Origin(lower: Int32(index), upper: Int32(index + width))
                first = first ?? last
                index += width
            }
            guard let scalar = Unicode.Scalar(part.scalar) else { continue }
            for _ in 0..<UTF8.width(scalar) { origins?.append(first ?? last) }
        }
    }

    /// A stretch that composition replaced.
    struct Edit {
        let source: Range<Int>
        let result: Range<Int>
    }

    static func moved(_ marks: [Range<Int>], by edits: [Edit]) -> [Range<Int>] {
        var next = 0
        return marks.map { mark in
            // Ranges come in order, so the edits before one are before all that follow.
            while next < edits.count, edits[next].source.upperBound <= mark.lowerBound { next += 1 }
            let lower = moved(mark.lowerBound, next, edits, toLower: true)
            var last = next
            while last < edits.count, edits[last].source.upperBound < mark.upperBound { last += 1 }
            return lower..<max(lower, moved(mark.upperBound, last, edits, toLower: false))
        }
    }

    /// Where `index` lies in the result; `edit` is the first that does not end before it.
    private static func moved(_ index: Int, _ edit: Int, _ edits: [Edit], toLower: Bool) -> Int {
        if edit < edits.count, edits[edit].source.lowerBound < index {
            return toLower ? edits[edit].result.lowerBound : edits[edit].result.upperBound
        }
        guard edit > 0 else { return index }
        return index - edits[edit - 1].source.upperBound + edits[edit - 1].result.upperBound
    }
}
