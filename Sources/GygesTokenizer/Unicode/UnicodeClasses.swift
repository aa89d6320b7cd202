/// What pre-tokenizer patterns and normalisation ask about a character, as a set of bits.
struct CharacterClass: OptionSet, Sendable {
    let rawValue: UInt8

    /// `\p{L}` of the reference's regular expressions.
    static let letter = CharacterClass(rawValue: 1)
    /// `\p{N}` of the reference's regular expressions.
    static let number = CharacterClass(rawValue: 2)
    /// `\s`: the property White_Space.
    static let space = CharacterClass(rawValue: 4)
    /// What the pre-tokenizer `Digits` splits off; a newer Unicode's numbers than ``number``.
    static let digit = CharacterClass(rawValue: 8)
    /// `\w`, which may not stand beside an added token marked `single_word`.
    static let word = CharacterClass(rawValue: 16)
    /// A character that composing normalisation may change, move or join to the one before.
    static let unstable = CharacterClass(rawValue: 32)
    /// `\p{P}` of the reference's regular expressions.
    static let punctuation = CharacterClass(rawValue: 64)
    /// `\p{S}` of the reference's regular expressions.
    static let symbol = CharacterClass(rawValue: 128)
}

/// What patterns that know upper and lower case ask about a character, and what BERT's normalizer and pre-tokenizer ask.
struct LetterClass: OptionSet, Sendable {
    let rawValue: UInt8

    /// `[\p{Lu}\p{Lt}]`.
    static let upper = LetterClass(rawValue: 1)
    /// `\p{Ll}`.
    static let lower = LetterClass(rawValue: 2)
    /// `[\p{Lm}\p{Lo}]`: letters that have no case.
    static let uncased = LetterClass(rawValue: 4)
    /// `\p{M}`.
    static let mark = LetterClass(rawValue: 8)
    /// What BERT's normalizer drops: controls, formats, private and unassigned characters.
    static let control = LetterClass(rawValue: 16)
    /// The accents that BERT's normalizer strips.
    static let nonspacing = LetterClass(rawValue: 32)
    /// What the normalizer `StripAccents` drops.
    static let combining = LetterClass(rawValue: 64)
    /// What BERT's pre-tokenizer sets apart: the Unicode's punctuation, and ASCII's with its symbols.
    static let breaking = LetterClass(rawValue: 128)
}

/// The classes of all code points in a two-stage table: 4,352 block numbers, and blocks of 256 classes stored once each.
final class UnicodeClasses: Sendable {
    /// The one table of ``CharacterClass``, built at first use in well under a millisecond.
    static let shared = UnicodeClasses(UnicodeTables.classRanges)
    private static let letters = UnicodeClasses(UnicodeTables.letterRanges)

    private let blocks: FrozenBuffer<UInt8>
    private let classes: FrozenBuffer<UInt8>

    private init(_ ranges: [UInt32]) {
        var blocks: [UInt8] = []
        var classes: [UInt8] = []
        var known: [[UInt8]: UInt8] = [:]
        // Nearly all blocks hold one class throughout, and are found by it: hashing every block takes milliseconds.
        var uniform: [UInt8: UInt8] = [:]
        var number: UInt8 = 0
        var rest = ranges[...]
        var current: UInt8 = 0
        for start in stride(from: UInt32(0), to: 0x110000, by: 256) {
            if rest.first.map({ $0 >> 8 >= start + 256 }) ?? true, let number = uniform[current] {
                blocks.append(number)
                continue
            }
            var block = [UInt8](repeating: current, count: 256)
            while let range = rest.first, range >> 8 < start + 256 {
                current = UInt8(truncatingIfNeeded: range)
                for index in Int(range >> 8 - start)..<256 { block[index] = current }
                rest.removeFirst()
            }
            if let found = known[block] {
                number = found
            } else {
                number = UInt8(known.count)
                known[block] = number
                classes += block
            }
            blocks.append(number)
            if block.allSatisfy({ $0 == current }) { uniform[current] = number }
        }
        self.blocks = FrozenBuffer(blocks)
        self.classes = FrozenBuffer(classes)
    }

    /// The table as pointers, for loops over text; valid as long as ``shared``, which is for ever.
    var view: View<CharacterClass> { View(blocks: blocks.base, classes: classes.base) }
    /// The table of ``LetterClass`` as pointers, valid for ever.
    static var letterView: View<LetterClass> { View(blocks: letters.blocks.base, classes: letters.classes.base) }

    /// The table as pointers.
    struct View<Class: OptionSet> where Class.RawValue == UInt8 {
        fileprivate let blocks: UnsafePointer<UInt8>
        fileprivate let classes: UnsafePointer<UInt8>

        /// The class of an ASCII character; block 0 comes first.
        @inline(__always)
        subscript(ascii byte: UInt8) -> Class { Class(rawValue: classes[Int(byte)]) }

        /// The class of a code point below 0x110000.
        @inline(__always)
        subscript(codePoint: UInt32) -> Class {
            Class(rawValue: classes[Int(blocks[Int(codePoint >> 8)]) << 8 | Int(codePoint & 0xFF)])
        }
    }
}

/// Reads the character that begins at `text`, which must be well-formed UTF-8.
@inline(__always)
func decodeScalar(_ text: UnsafePointer<UInt8>) -> (codePoint: UInt32, width: Int) {
    let first = UInt32(text[0])
    if first < 0x80 { return (first, 1) }
    if first < 0xE0 { return ((first & 0x1F) << 6 | UInt32(text[1] & 0x3F), 2) }
    if first < 0xF0 {
        return ((first & 0x0F) << 12 | UInt32(text[1] & 0x3F) << 6 | UInt32(text[2] & 0x3F), 3)
    }
    return (
        (first & 0x07) << 18 | UInt32(text[1] & 0x3F) << 12 | UInt32(text[2] & 0x3F) << 6 | UInt32(text[3] & 0x3F), 4
    )
}

/// Where the character begins that ends before `index`, which is greater than 0.
@inline(__always)
func previousScalarStart(_ text: UnsafePointer<UInt8>, before index: Int) -> Int {
    var start = index - 1
    while start > 0, text[start] & 0xC0 == 0x80 { start -= 1 }
    return start
}
