import FoundationEssentials

/// SentencePiece's table of what characters become before they are cut into tokens: a double-array trie and the texts that it
/// points to (`precompiled_charsmap`; the reference is the crate `spm_precompiled`).
final class CharacterMap: Sendable {
    private let units: FrozenBuffer<UInt32>
    /// The texts, each with a zero behind it.
    private let texts: [UInt8]

    /// Reads a table: the size of the trie in bytes, the trie, the texts; or returns `nil` if it is none.
    init?(base64 text: String) {
        guard let data = Data(base64Encoded: text), data.count >= 4 else { return nil }
        let bytes = [UInt8](data)
        func number(_ index: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(bytes[index + $1]) << UInt32(8 * $1) }
        }
        let size = Int(number(0))
        guard size % 4 == 0, size > 0, size <= bytes.count - 4 else { return nil }
        units = FrozenBuffer((0..<size / 4).map { number(4 + 4 * $0) })
        texts = Array(bytes[(4 + size)...])
    }

    /// What `text` becomes by the shortest entry that it begins with, which stands for all of it; `nil` if there is none.
    func replacement(for text: UnsafeBufferPointer<UInt8>) -> Substring.UnicodeScalarView? {
        guard let start = firstEntry(of: text), start <= texts.count else { return nil }
        let end = texts[start...].firstIndex(of: 0) ?? texts.count
        return String(validating: texts[start..<end], as: UTF8.self)?[...].unicodeScalars
    }

    /// The value of the shortest entry that `text` begins with (Darts-clone's `commonPrefixSearch`).
    private func firstEntry(of text: UnsafeBufferPointer<UInt8>) -> Int? {
        var position = offset(units.base[0])
        for byte in text {
            // Texts end at a zero.
            guard byte != 0 else { return nil }
            position ^= Int(byte)
            guard position < units.count else { return nil }
            let unit = units.base[position]
            guard unit & (1 << 31 | 0xFF) == UInt32(byte) else { return nil }
            position ^= offset(unit)
            guard position < units.count else { return nil }
            if unit >> 8 & 1 == 1 { return Int(units.base[position] & 0x7FFF_FFFF) }
        }
        return nil
    }

    private func offset(_ unit: UInt32) -> Int { Int(unit >> 10) << Int((unit & (1 << 9)) >> 6) }
}

extension CharacterMap: Equatable {
    static func == (a: CharacterMap, b: CharacterMap) -> Bool { a === b }
}

extension NormalizedText {
    /// Replaces what a table knows: whole characters of up to five bytes as users see them, or each of their scalars.
    ///
    /// A replaced stretch has the places that the reference gives it: its scalars in turn, with the last one for what is left.
    mutating func apply(_ map: CharacterMap) {
        var changes: [Change] = []
        changes.reserveCapacity(bytes.count)
        /// Appends what a stretch of `count` scalars becomes.
        func replace(_ count: Int, by scalars: Substring.UnicodeScalarView) {
            let difference = scalars.count - count
            for (index, scalar) in scalars.enumerated() {
                changes.append(Change(scalar: scalar.value, count: index < count ? 0 : 1))
            }
            if difference < 0, !changes.isEmpty { changes[changes.count - 1].count += Int32(difference) }
        }
        bytes.withUnsafeBufferPointer { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            var start = 0
            for character in text {
                let scalars = character.unicodeScalars
                let length = character.utf8.count
                let part = UnsafeBufferPointer(rebasing: bytes[start..<start + length])
                if length < 6, let replacement = map.replacement(for: part) {
                    replace(scalars.count, by: replacement)
                } else {
                    var index = start
                    for scalar in scalars {
                        let width = UTF8.width(scalar)
                        let part = UnsafeBufferPointer(rebasing: bytes[index..<index + width])
                        if let replacement = map.replacement(for: part) {
                            replace(1, by: replacement)
                        } else {
                            changes.append(Change(scalar: scalar.value))
                        }
                        index += width
                    }
                }
                start += length
            }
        }
        transform(changes)
    }
}
