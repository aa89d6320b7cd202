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
        var origins: [Origin]?
        return composed(text, marks: &marks, origins: &origins)
    }

    /// The bytes of the character that a byte of composed text came from.
    struct Origin: BitwiseCopyable {
        var lower: Int32
        var upper: Int32
    }

    /// The composed form of well-formed UTF-8, with where each of its bytes came from; `nil` if it is composed already.
    ///
    /// The reference gives every composed character the place of the first of those that it took the place of, taking them
    /// in the order in which they stand; see ``follow(_:_:_:to:)``.
    /// - Parameter marks: as of ``composed(_:marks:)``.
    static func composedWithOrigins(
        _ text: UnsafeBufferPointer<UInt8>, marks: inout [Range<Int>]
    ) -> (text: [UInt8], origins: [Origin])? {
        var origins: [Origin]? = []
        return composed(text, marks: &marks, origins: &origins).map { ($0, origins ?? []) }
    }

    private static func composed(
        _ text: UnsafeBufferPointer<UInt8>, marks: inout [Range<Int>], origins: inout [Origin]?
    ) -> [UInt8]? {
        guard let base = text.baseAddress, var chunk = nextChunk(base, from: 0, count: text.count) else { return nil }
        var output: [UInt8] = []
        var edits: [Edit] = []
        var copied = 0
        var scalars: [Part] = []
        repeat {
            if output.isEmpty { output.reserveCapacity(text.count + text.count / 8) }
            output.append(contentsOf: text[copied..<chunk.lowerBound])
            if origins != nil { follow(base, copied..<chunk.lowerBound, to: &origins) }
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
            for part in scalars { appendUTF8(part.scalar, to: &output) }
            if origins != nil { follow(base, chunk, scalars, to: &origins) }
            if !marks.isEmpty { edits.append(Edit(source: chunk, result: start..<output.count)) }
            copied = chunk.upperBound
            guard let next = nextChunk(base, from: copied, count: text.count) else { break }
            chunk = next
        } while true
        output.append(contentsOf: text[copied...])
        if origins != nil { follow(base, copied..<text.count, to: &origins) }
        if !marks.isEmpty { marks = moved(marks, by: edits) }
        return output
    }

    /// The canonical form of well-formed UTF-8, decomposed or composed, as changes of its characters.
    static func changes(_ text: [UInt8], composes: Bool) -> [NormalizedText.Change] {
        var parts: [Part] = []
        parts.reserveCapacity(text.count)
        text.withUnsafeBufferPointer { text in
            guard let base = text.baseAddress else { return }
            var index = 0
            while index < text.count {
                let (codePoint, width) = decodeScalar(base + index)
                appendDecomposition(of: codePoint, to: &parts)
                index += width
            }
        }
        sortMarks(&parts)
        if composes { compose(&parts) }
        return parts.map { NormalizedText.Change(scalar: $0.scalar, count: 1 - $0.sourceCount) }
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

    /// A character on its way to its composed form.
    struct Part {
        var scalar: UInt32
        /// How many characters of the source it takes the place of: of those that one was decomposed into, the first of one.
        var sourceCount: Int32
    }

    /// Appends the full decomposition of a character; its first part counts as `sourceCount` characters, the others as none.
    private static func appendDecomposition(of codePoint: UInt32, to scalars: inout [Part], sourceCount: Int32 = 1) {
        func append(_ scalar: UInt32, _ count: Int32) { scalars.append(Part(scalar: scalar, sourceCount: count)) }
        guard codePoint >= 0xC0 else { return append(codePoint, sourceCount) }
        if codePoint >= hangul.syllables, codePoint < hangul.syllables + 11_172 {
            let index = codePoint - hangul.syllables
            append(hangul.leads + index / 588, sourceCount)
            append(hangul.vowels + index % 588 / 28, 0)
            if index % 28 != 0 { append(hangul.tails + index % 28, 0) }
            return
        }
        guard let parts = tables.decompositions[codePoint] else { return append(codePoint, sourceCount) }
        appendDecomposition(of: parts.first, to: &scalars, sourceCount: sourceCount)
        if parts.second != 0 { appendDecomposition(of: parts.second, to: &scalars, sourceCount: 0) }
    }

    /// Puts each run of marks into the order of their classes, marks of one class staying as they are.
    private static func sortMarks(_ scalars: inout [Part]) {
        var index = 0
        while index < scalars.count {
            guard combiningClass(scalars[index].scalar) != 0 else {
                index += 1
                continue
            }
            var end = index + 1
            while end < scalars.count, combiningClass(scalars[end].scalar) != 0 { end += 1 }
            if end - index > 1 {
                let ordered = scalars[index..<end].enumerated().sorted {
                    (combiningClass($0.element.scalar), $0.offset) < (combiningClass($1.element.scalar), $1.offset)
                }
                for (offset, part) in ordered.enumerated() { scalars[index + offset] = part.element }
            }
            index = end
        }
    }

    private static func compose(_ scalars: inout [Part]) {
        var written = 0
        var starter: Int?
        // The class of the last character kept after the starter; a character joins the starter only past lower ones.
        var lastClass: UInt8 = 0
        for part in scalars {
            let ownClass = combiningClass(part.scalar)
            if let position = starter, written == position + 1 || lastClass < ownClass,
                let composite = composite(scalars[position].scalar, part.scalar)
            {
                scalars[position].scalar = composite
                scalars[position].sourceCount += part.sourceCount
                continue
            }
            if ownClass == 0 { starter = written }
            lastClass = ownClass
            scalars[written] = part
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
