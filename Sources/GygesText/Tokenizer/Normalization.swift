/// Canonical composition, NFC (Unicode Standard Annex #15), with the reference tokenizer's tables.
///
/// The standard library's tables are newer than the reference's and would give other text for characters assigned since.
enum Normalization {
    /// The composed form of well-formed UTF-8, or `nil` if it is composed already.
    ///
    /// - Parameters:
    ///   - text: the text.
    ///   - marks: byte ranges of `text` in order; on return, where they lie in the result. A range grows to whole
    ///     normalisation chunks, so it never loses what belonged to it.
    /// - Complexity: one table look-up per character where nothing changes; O(n log n) in the length of a run of marks.
    static func composed(_ text: UnsafeBufferPointer<UInt8>, marks: inout [Range<Int>]) -> [UInt8]? {
        guard let base = text.baseAddress, var chunk = nextChunk(base, from: 0, count: text.count) else { return nil }
        var output: [UInt8] = []
        var edits: [Edit] = []
        var copied = 0
        var scalars: [UInt32] = []
        repeat {
            if output.isEmpty { output.reserveCapacity(text.count + text.count / 8) }
            output.append(contentsOf: text[copied..<chunk.lowerBound])
            let start = output.count
            scalars.removeAll(keepingCapacity: true)
            var index = chunk.lowerBound
            while index < chunk.upperBound {
                let (codePoint, width) = decodeScalar(base + index)
                appendDecomposition(of: codePoint, to: &scalars)
                index += width
            }
            sortMarks(&scalars)
            compose(&scalars)
            for scalar in scalars { appendUTF8(scalar, to: &output) }
            if !marks.isEmpty { edits.append(Edit(source: chunk, result: start..<output.count)) }
            copied = chunk.upperBound
            guard let next = nextChunk(base, from: copied, count: text.count) else { break }
            chunk = next
        } while true
        output.append(contentsOf: text[copied...])
        if !marks.isEmpty { marks = moved(marks, by: edits) }
        return output
    }

    /// The next stretch that composition may change: from the last stable character before an unstable one up to the next
    /// stable one. A stable character neither changes nor joins to what precedes it, so nothing crosses its front.
    private static func nextChunk(_ text: UnsafePointer<UInt8>, from start: Int, count: Int) -> Range<Int>? {
        let classes = UnicodeClasses.shared.view
        var index = start
        var stable = start
        while index < count {
            // ASCII is stable.
            if text[index] < 0x80 {
                stable = index
                index += 1
                continue
            }
            let (codePoint, width) = decodeScalar(text + index)
            guard classes[codePoint].contains(.unstable) else {
                stable = index
                index += width
                continue
            }
            index += width
            while index < count {
                let (codePoint, width) = decodeScalar(text + index)
                guard classes[codePoint].contains(.unstable) else { break }
                index += width
            }
            return stable..<index
        }
        return nil
    }

    // MARK: The algorithm

    private static let hangul = (
        syllables: UInt32(0xAC00), leads: UInt32(0x1100), vowels: UInt32(0x1161), tails: UInt32(0x11A7)
    )

    private static func appendDecomposition(of codePoint: UInt32, to scalars: inout [UInt32]) {
        guard codePoint >= 0xC0 else { return scalars.append(codePoint) }
        if codePoint >= hangul.syllables, codePoint < hangul.syllables + 11_172 {
            let index = codePoint - hangul.syllables
            scalars.append(hangul.leads + index / 588)
            scalars.append(hangul.vowels + index % 588 / 28)
            if index % 28 != 0 { scalars.append(hangul.tails + index % 28) }
            return
        }
        guard let parts = tables.decompositions[codePoint] else { return scalars.append(codePoint) }
        appendDecomposition(of: parts.first, to: &scalars)
        if parts.second != 0 { appendDecomposition(of: parts.second, to: &scalars) }
    }

    /// Puts each run of marks into the order of their classes, marks of one class staying as they are.
    private static func sortMarks(_ scalars: inout [UInt32]) {
        var index = 0
        while index < scalars.count {
            guard combiningClass(scalars[index]) != 0 else {
                index += 1
                continue
            }
            var end = index + 1
            while end < scalars.count, combiningClass(scalars[end]) != 0 { end += 1 }
            if end - index > 1 {
                let ordered = scalars[index..<end].enumerated().sorted {
                    (combiningClass($0.element), $0.offset) < (combiningClass($1.element), $1.offset)
                }
                for (offset, scalar) in ordered.enumerated() { scalars[index + offset] = scalar.element }
            }
            index = end
        }
    }

    private static func compose(_ scalars: inout [UInt32]) {
        var written = 0
        var starter: Int?
        // The class of the last character kept after the starter; a character joins the starter only past lower ones.
        var lastClass: UInt8 = 0
        for scalar in scalars {
            let ownClass = combiningClass(scalar)
            if let position = starter, written == position + 1 || lastClass < ownClass,
                let composite = composite(scalars[position], scalar)
            {
                scalars[position] = composite
                continue
            }
            if ownClass == 0 { starter = written }
            lastClass = ownClass
            scalars[written] = scalar
            written += 1
        }
        scalars.removeLast(scalars.count - written)
    }

    private static func composite(_ first: UInt32, _ second: UInt32) -> UInt32? {
        if second >= hangul.vowels, second < hangul.tails + 28 {
            if first >= hangul.leads, first < hangul.leads + 19, second < hangul.vowels + 21 {
                return hangul.syllables + ((first - hangul.leads) * 21 + second - hangul.vowels) * 28
            }
            if first >= hangul.syllables, first < hangul.syllables + 11_172, (first - hangul.syllables) % 28 == 0,
                second > hangul.tails
            {
                return first + second - hangul.tails
            }
        }
        return tables.composites[UInt64(first) << 32 | UInt64(second)]
    }

    private static func combiningClass(_ codePoint: UInt32) -> UInt8 {
        codePoint < 0x300 ? 0 : tables.combiningClasses[codePoint] ?? 0
    }

    private static func appendUTF8(_ codePoint: UInt32, to output: inout [UInt8]) {
        guard let scalar = Unicode.Scalar(codePoint) else { return }
        output.append(contentsOf: scalar.utf8)
    }

    // MARK: Following ranges through

    /// A stretch that composition replaced.
    private struct Edit {
        let source: Range<Int>
        let result: Range<Int>
    }

    private static func moved(_ marks: [Range<Int>], by edits: [Edit]) -> [Range<Int>] {
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

    // MARK: Tables

    private struct Tables: Sendable {
        var combiningClasses: [UInt32: UInt8] = [:]
        var decompositions: [UInt32: (first: UInt32, second: UInt32)] = [:]
        var composites: [UInt64: UInt32] = [:]
    }

    /// Built at the first text that is not composed already.
    private static let tables: Tables = {
        var tables = Tables()
        let ranges = UnicodeTables.combiningRanges
        for index in stride(from: 0, to: ranges.count, by: 2) {
            for codePoint in ranges[index]...(ranges[index + 1] >> 8) {
                tables.combiningClasses[codePoint] = UInt8(truncatingIfNeeded: ranges[index + 1])
            }
        }
        let triples = UnicodeTables.decompositions
        for index in stride(from: 0, to: triples.count, by: 3) {
            let codePoint = triples[index] & 0x7FFF_FFFF
            let (first, second) = (triples[index + 1], triples[index + 2])
            tables.decompositions[codePoint] = (first, second)
            if codePoint != triples[index] { tables.composites[UInt64(first) << 32 | UInt64(second)] = codePoint }
        }
        return tables
    }()
}
