/// Encoding by all that a file can ask for: any normalizer, any pre-tokenizer, and models whose tokens spell text.
///
/// There is one way through, which keeps account of places; byte-level encoding of text as it stands has a faster one of its own.
extension TokenEncoder {
    /// Appends a text's tokens with their places.
    ///
    /// - Parameters:
    ///   - untrusted: ranges of `text`, in order, in which no added token lies.
    ///   - prefixSpace: whether byte-level encoding puts a space before text that does not begin with one.
    mutating func tracePieces(
        _ text: UnsafeBufferPointer<UInt8>, _ permission: AddedTokenMatcher.Permission, untrusted: [Range<Int>],
        prefixSpace: Bool, to output: inout [TracedToken]
    ) {
        let tokenizer = tokenizer
        var piece = 0
        tokenizer.rawMatcher.split(text, permission, untrusted: untrusted) { token, range in
            if let token {
                let id = tokenizer.rawMatcher.tokens[token].id
                output.append(TracedToken(id: id, piece: piece, bytes: range, isAdded: true))
                piece += 1
                return
            }
            var normalized = NormalizedText(text, range)
            tokenizer.normalizer.apply(to: &normalized)
            let marks = normalized.marks(from: untrusted)
            normalized.bytes.withUnsafeBufferPointer { bytes in
                tokenizer.normalizedMatcher.split(bytes, permission, untrusted: marks) { token, range in
                    if let token {
                        let id = tokenizer.normalizedMatcher.tokens[token].id
                        output.append(
                            TracedToken(id: id, piece: piece, bytes: normalized.place(of: range), isAdded: true))
                        piece += 1
                    } else {
                        for part in tokenizer.preTokenizer.pieces(of: normalized[range]) {
                            trace(part, prefixSpace, &piece, &output)
                        }
                    }
                }
            }
        }
    }

    /// Traces a piece, which byte-level encoding may cut further.
    private mutating func trace(
        _ part: NormalizedText, _ prefixSpace: Bool, _ piece: inout Int, _ output: inout [TracedToken]
    ) {
        if let model = tokenizer.pieceModel {
            part.bytes.withUnsafeBufferPointer { bytes in
                model.encode(bytes) { id, range in
                    output.append(TracedToken(id: id, piece: piece, bytes: part.place(of: range), isAdded: false))
                }
            }
            piece += 1
        } else {
            var part = part
            if prefixSpace, part.bytes.first != UInt8(ascii: " ") { part.prepend([UInt8(ascii: " ")]) }
            part.bytes.withUnsafeBufferPointer { bytes in
                tracePieces(bytes, &piece, &output) { part.place(of: $0) }
            }
        }
    }
}
