/// Encoding that keeps account of where tokens come from: the same steps as without, and the same tokens.
extension TokenEncoder {
    /// A token and its bytes of the original text.
    struct TracedToken {
        var id: Int32
        /// The number of its piece.
        var piece: Int
        var bytes: Range<Int>
        /// Whether it was found in the text as an added token.
        var isAdded: Bool
    }

    /// Appends a text's tokens with their places.
    ///
    /// - Parameters:
    ///   - untrusted: ranges of `text`, in order, in which no added token lies.
    ///   - prefixSpace: whether a space is put before text that does not begin with one.
    mutating func trace(
        _ text: UnsafeBufferPointer<UInt8>, _ permission: AddedTokenMatcher.Permission, untrusted: [Range<Int>] = [],
        prefixSpace: Bool, to output: inout [TracedToken]
    ) {
        let tokenizer = tokenizer
        guard tokenizer.isPlain else {
            tracePieces(text, permission, untrusted: untrusted, prefixSpace: prefixSpace, to: &output)
            return
        }
        var piece = 0
        tokenizer.rawMatcher.split(text, permission, untrusted: untrusted) { token, range in
            if let token {
                let id = tokenizer.rawMatcher.tokens[token].id
                output.append(TracedToken(id: id, piece: piece, bytes: range, isAdded: true))
                piece += 1
                return
            }
            let part = UnsafeBufferPointer(rebasing: text[range])
            var marks = clipped(untrusted, to: range)
            if tokenizer.normalizer.composesOnly,
                let (composed, origins) = Normalization.composedWithOrigins(part, marks: &marks)
            {
                composed.withUnsafeBufferPointer { composed in
                    let source = SourceText(text: composed, shift: range.lowerBound, origins: origins)
                    traceNormalized(source, permission, untrusted: marks, prefixSpace, &piece, &output)
                }
            } else {
                let source = SourceText(text: part, shift: range.lowerBound, origins: nil)
                traceNormalized(source, permission, untrusted: marks, prefixSpace, &piece, &output)
            }
        }
    }

    /// Cuts normalised text at added tokens and traces what lies between.
    private mutating func traceNormalized(
        _ source: SourceText, _ permission: AddedTokenMatcher.Permission, untrusted: [Range<Int>],
        _ prefixSpace: Bool, _ piece: inout Int, _ output: inout [TracedToken]
    ) {
        let tokenizer = tokenizer
        tokenizer.normalizedMatcher.split(source.text, permission, untrusted: untrusted) { token, range in
            if let token {
                let id = tokenizer.normalizedMatcher.tokens[token].id
                output.append(TracedToken(id: id, piece: piece, bytes: source.place(of: range), isAdded: true))
                piece += 1
                return
            }
            let plain = UnsafeBufferPointer(rebasing: source.text[range])
            if prefixSpace, plain.first != UInt8(ascii: " ") {
                ([UInt8(ascii: " ")] + plain).withUnsafeBufferPointer {
                    // The space that was put in front shares the place of the character behind it.
                    tracePieces($0, &piece, &output) { place in
                        let lower = max(place.lowerBound - 1, 0)
                        let upper = max(place.upperBound - 1, 1)
                        return source.place(of: range.lowerBound + lower..<range.lowerBound + upper)
                    }
                }
            } else {
                tracePieces(plain, &piece, &output) { place in
                    source.place(of: range.lowerBound + place.lowerBound..<range.lowerBound + place.upperBound)
                }
            }
        }
    }

    mutating func tracePieces(
        _ text: UnsafeBufferPointer<UInt8>, _ piece: inout Int, _ output: inout [TracedToken],
        place: (Range<Int>) -> Range<Int>
    ) {
        guard let base = text.baseAddress else { return }
        let tokenizer = tokenizer
        var ids: [Int32] = []
        tokenizer.preTokenizer.forEachPiece(text) { start, end in
            ids.removeAll(keepingCapacity: true)
            encodePiece(base + start, end - start, readable: text.count - start, &ids)
            let bytes = UnsafeBufferPointer(start: base + start, count: end - start)
            var position = 0
            for id in ids {
                let length = tokenizer.table.bytes(of: Int(id)).count
                // A piece that is a token as a whole may have bytes that have none by themselves.
                let found =
                    ids.count == 1 && length == bytes.count
                    ? 0..<length : tokenizer.merger.place(of: id, length: length, in: bytes, from: position)
                position = found.upperBound
                output.append(
                    TracedToken(
                        id: id, piece: piece, bytes: place(start + found.lowerBound..<start + found.upperBound),
                        isAdded: false))
            }
            piece += 1
        }
    }
}

/// Normalised text and how it lies on the original.
private struct SourceText {
    let text: UnsafeBufferPointer<UInt8>
    /// Where its original begins.
    let shift: Int
    /// The origin of each byte, counted from ``shift``; `nil` if the text is as it was.
    let origins: [Normalization.Origin]?

    /// The whole characters of the original that a range of bytes came from.
    func place(of range: Range<Int>) -> Range<Int> {
        guard !range.isEmpty else { return shift..<shift }
        if let origins {
            let (lower, upper) = (Int(origins[range.lowerBound].lower), Int(origins[range.upperBound - 1].upper))
            return shift + lower..<shift + max(lower, upper)
        }
        guard let base = text.baseAddress else { return shift..<shift }
        let lower = previousScalarStart(base, before: range.lowerBound + 1)
        let last = previousScalarStart(base, before: range.upperBound)
        return shift + lower..<shift + last + decodeScalar(base + last).width
    }
}
