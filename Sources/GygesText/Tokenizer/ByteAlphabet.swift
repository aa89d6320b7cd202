/// GPT-2's spelling of bytes as printable characters, in which byte-level vocabularies are written.
///
/// Printable Latin-1 characters stand for themselves; the other 68 bytes, in order, are U+0100 onwards
/// (Radford et al. 2019, `encoder.py`, `bytes_to_unicode`).
enum ByteAlphabet {
    /// The byte that a character spells, or -1; index is the code point, below ``limit``.
    private static let byteOfCharacter: [Int16] = {
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
        return table
    }()

    /// One more than the last code point of the alphabet.
    private static let limit = 0x144

    /// Appends the bytes that `spelling` stands for.
    ///
    /// A spelling that has a character outside the alphabet stands for its own bytes, as in the reference's decoder.
    /// - Returns: whether every character belongs to the alphabet, so that text can be encoded to this token.
    @discardableResult
    static func appendBytes(spelledBy spelling: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) -> Bool {
        let start = output.count
        let isSpelled = byteOfCharacter.withUnsafeBufferPointer { table in
            var index = 0
            while index < spelling.count {
                var character = Int(spelling[index])
                index += 1
                if character >= 0x80 {
                    // Two-byte sequences reach U+07FF; longer ones are outside the alphabet.
                    guard (0xC2..<0xE0).contains(character), index < spelling.count, spelling[index] & 0xC0 == 0x80
                    else { return false }
                    character = (character & 0x1F) << 6 | Int(spelling[index] & 0x3F)
                    index += 1
                }
                guard character < limit, table[character] >= 0 else { return false }
                output.append(UInt8(truncatingIfNeeded: table[character]))
            }
            return true
        }
        if !isSpelled {
            output.removeLast(output.count - start)
            output.append(contentsOf: spelling)
        }
        return isSpelled
    }
}
