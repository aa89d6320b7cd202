/// GPT-2's spelling of bytes as printable characters, in which byte-level vocabularies are written.
///
/// Printable Latin-1 characters stand for themselves; the other 68 bytes, in order, are U+0100 onwards
/// (Radford et al. 2019, `encoder.py`, `bytes_to_unicode`).
enum ByteAlphabet {
    /// The byte that a character spells, or -1; index is the code point, below ``limit``.
    private static let byteOfCharacter = {
        var table = [Int16](repeating: -1, count: limit)
        var next = 0x100
        for byte in 0..<256 {
            let isPrintable =
                (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || (0xAE...0xFF).contains(byte)
            if isPrintable {
                table[byte] = Int16(byte)
            } else {
                table[next] = Int16(byte)
                next += 1
            }
        }
        return FrozenBuffer(table)
    }()

    /// One more than the last code point of the alphabet.
    private static let limit = 0x144

    /// The characters that spell bytes, by the byte.
    private static let characterOfByte: [Unicode.Scalar] = {
        var characters = [Unicode.Scalar](repeating: "\u{0}", count: 256)
        for character in 0..<limit where byteOfCharacter.base[character] >= 0 {
            if let scalar = Unicode.Scalar(UInt32(character)) {
                characters[Int(byteOfCharacter.base[character])] = scalar
            }
        }
        return characters
    }()

    /// All bytes in the order of the characters that spell them.
    static let bytes: [UInt8] = (0..<256).map { UInt8($0) }.sorted {
        characterOfByte[Int($0)] < characterOfByte[Int($1)]
    }

    /// The characters that spell bytes.
    static func spelling(of bytes: some Sequence<UInt8>) -> String {
        var spelling = String.UnicodeScalarView()
        for byte in bytes { spelling.append(characterOfByte[Int(byte)]) }
        return String(spelling)
    }

    /// Writes the bytes that `spelling` stands for to `output`, which has room for `spelling.count`.
    ///
    /// A spelling that has a character outside the alphabet stands for its own bytes, as in the reference's decoder.
    /// - Returns: the number of bytes written, and whether every character belongs to the alphabet, so that text can be
    ///   encoded to this token.
    static func decode(
        _ spelling: UnsafeBufferPointer<UInt8>, into output: UnsafeMutablePointer<UInt8>
    ) -> (count: Int, isSpelled: Bool) {
        guard let start = spelling.baseAddress else { return (0, true) }
        let table = byteOfCharacter.base
        let length = spelling.count
        var index = 0
        var count = 0
        while index < length {
            var character = Int(start[index])
            index += 1
            if character >= 0x80 {
                // Two-byte sequences reach U+07FF; longer ones are outside the alphabet.
                guard (0xC2..<0xE0).contains(character), index < length, start[index] & 0xC0 == 0x80 else { break }
                character = (character & 0x1F) << 6 | Int(start[index] & 0x3F)
                index += 1
            }
            guard character < limit, table[character] >= 0 else { break }
            output[count] = UInt8(truncatingIfNeeded: table[character])
            count += 1
            if index == length { return (count, true) }
        }
        output.update(from: start, count: length)
        return (length, false)
    }
}
