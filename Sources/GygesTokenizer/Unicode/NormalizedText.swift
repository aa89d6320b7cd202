/// Text on its way through a tokenizer, with the place of the original that each of its bytes came from.
///
/// Changes and their places are those of the reference (`tokenizers`, `NormalizedString`): a character that replaces others has
/// the place of the first of them, one that is put in shares the place of the one before.
struct NormalizedText: Sendable {
    /// A character of the text to be, and what it takes the place of.
    struct Change {
        /// The new character.
        var scalar: UInt32
        /// 0 takes the place of one character, −n of one and the n behind it, 1 is put in.
        var count: Int32 = 0
    }

    /// The text, well-formed UTF-8.
    private(set) var bytes: [UInt8]
    /// The bytes of the original that each of ``bytes`` came from.
    private(set) var origins: [Normalization.Origin]
    /// Where the original begins.
    private let start: Int32

    /// Text as it stands: a range of an original.
    init(_ original: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) {
        bytes = Array(original[range])
        start = Int32(range.lowerBound)
        origins = []
        origins.reserveCapacity(range.count)
        guard let base = original.baseAddress else { return }
        var index = range.lowerBound
        while index < range.upperBound {
            let width = decodeScalar(base + index).width
            let origin = Normalization.Origin(lower: Int32(index), upper: Int32(index + width))
            for _ in 0..<width { origins.append(origin) }
            index += width
        }
    }

    private init(bytes: [UInt8], origins: [Normalization.Origin], start: Int32) {
        (self.bytes, self.origins, self.start) = (bytes, origins, start)
    }

    /// A part by itself.
    subscript(range: Range<Int>) -> NormalizedText {
        NormalizedText(
            bytes: Array(bytes[range]), origins: Array(origins[range]),
            start: range.isEmpty ? start : origins[range.lowerBound].lower)
    }

    /// Whether the text begins where `original` begins.
    var isAtBeginning: Bool { start == 0 }

    /// The whole characters of the original that a range of bytes came from.
    func place(of range: Range<Int>) -> Range<Int> {
        guard !range.isEmpty else { return Int(start)..<Int(start) }
        let (lower, upper) = (Int(origins[range.lowerBound].lower), Int(origins[range.upperBound - 1].upper))
        return lower..<max(lower, upper)
    }

    /// The ranges of bytes that came from one of `ranges`, which are in order and apart, if only in part.
    func marks(from ranges: [Range<Int>]) -> [Range<Int>] {
        guard !ranges.isEmpty else { return [] }
        var marks: [Range<Int>] = []
        for (index, origin) in origins.enumerated() {
            var (low, high) = (0, ranges.count)
            while low < high {
                let middle = (low + high) / 2
                if ranges[middle].upperBound <= Int(origin.lower) { low = middle + 1 } else { high = middle }
            }
            guard low < ranges.count, ranges[low].lowerBound < Int(origin.upper) else { continue }
            if let last = marks.last, last.upperBound == index {
                marks[marks.count - 1] = last.lowerBound..<index + 1
            } else {
                marks.append(index..<index + 1)
            }
        }
        return marks
    }

    // MARK: Changes

    /// Replaces the text by the characters of `changes`, the first of which follows `skipped` characters that go.
    mutating func transform(_ changes: [Change], skipping skipped: Int = 0) {
        var result = NormalizedText(bytes: [], origins: [], start: start)
        result.reserveCapacity(bytes.count)
        var index = 0
        for _ in 0..<skipped { index = end(ofCharacterAt: index) }
        for change in changes {
            if change.count > 0 {
                result.append(change.scalar, from: index > 0 ? origins[index - 1] : beginning)
            } else {
                // A file's table may take more characters away than there are; the reference goes on with none.
                let origin = index < origins.count ? origins[index] : origins.last ?? beginning
                for _ in 0...Int(-change.count) { index = end(ofCharacterAt: index) }
                result.append(change.scalar, from: origin)
            }
        }
        self = result
    }

    /// Calls `body` with each character, and puts what it appends to the changes in the text's place.
    mutating func transform(_ body: (UInt32, inout [Change]) -> Void) {
        var changes: [Change] = []
        changes.reserveCapacity(bytes.count)
        forEachScalar { scalar, _ in body(scalar, &changes) }
        transform(changes)
    }

    /// Leaves out the characters that `isKept` refuses.
    mutating func filter(_ isKept: (UInt32) -> Bool) {
        var result = NormalizedText(bytes: [], origins: [], start: start)
        result.reserveCapacity(bytes.count)
        forEachScalar { scalar, range in if isKept(scalar) { result.append(scalar, from: origins[range.lowerBound]) } }
        self = result
    }

    /// Puts `content` in the place of each of `ranges`, which are in order and apart; it has the place of the range's last byte.
    mutating func replace(_ ranges: [Range<Int>], with content: [UInt8]) {
        guard !ranges.isEmpty else { return }
        var result = NormalizedText(bytes: [], origins: [], start: start)
        result.reserveCapacity(bytes.count)
        var copied = 0
        for range in ranges {
            result.append(self, copied..<range.lowerBound)
            let origin = range.upperBound > 0 ? origins[range.upperBound - 1] : beginning
            result.bytes += content
            for _ in content { result.origins.append(origin) }
            copied = range.upperBound
        }
        result.append(self, copied..<bytes.count)
        self = result
    }

    /// Puts `content` in front, where it shares the place of the first character; nothing before nothing.
    mutating func prepend(_ content: [UInt8]) {
        guard let origin = origins.first else { return }
        bytes.insert(contentsOf: content, at: 0)
        origins.insert(contentsOf: content.map { _ in origin }, at: 0)
    }

    /// Calls `body` with every character and its bytes.
    func forEachScalar(_ body: (UInt32, Range<Int>) -> Void) {
        bytes.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return }
            var index = 0
            while index < bytes.count {
                let (scalar, width) = decodeScalar(base + index)
                body(scalar, index..<index + width)
                index += width
            }
        }
    }

    private var beginning: Normalization.Origin { Normalization.Origin(lower: start, upper: start) }

    private func end(ofCharacterAt index: Int) -> Int {
        guard index < bytes.count else { return index }
        var end = index + 1
        while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
        return end
    }

    private mutating func reserveCapacity(_ count: Int) {
        bytes.reserveCapacity(count)
        origins.reserveCapacity(count)
    }

    private mutating func append(_ scalar: UInt32, from origin: Normalization.Origin) {
        guard let scalar = Unicode.Scalar(scalar) else { return }
        for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
            bytes.append(byte)
            origins.append(origin)
        }
    }

    private mutating func append(_ other: NormalizedText, _ range: Range<Int>) {
        bytes += other.bytes[range]
        origins += other.origins[range]
    }
}
