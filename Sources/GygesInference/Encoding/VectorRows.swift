public import GygesFiles

/// Writes vectors as rows of files that other programs read.
public struct VectorRows: Sendable {
    /// How floats are written.
    public enum Format: String, Sendable, CaseIterable {
        /// A JSON object a line, floats with as few digits as read back the same.
        case jsonLines = "float"
        /// A JSON object a line, the bytes of little-endian numbers in base 64 (RFC 4648), as OpenAI's interface has them.
        case base64
        /// The bytes alone, below a ``NumpyHeader``.
        case numpy
        /// For ``VectorArchive``: the number of tokens in 32 bits, the tokens in 32 bits each, and their numbers.
        case records
    }

    /// How floats are written.
    public let format: Format
    /// What numbers are written as.
    public let numbers: VectorNumbers
    /// The rows so far.
    public private(set) var bytes: [UInt8] = []

    /// Creates an empty list of rows.
    public init(format: Format, numbers: VectorNumbers = .float32) {
        self.format = format
        self.numbers = numbers
    }

    /// Appends `{"id": …, "embedding": …}`, with `"scale"` where whole numbers times it are the vector, or the numbers alone.
    ///
    /// - Throws: ``EncoderError/notFinite(id:)``
    public mutating func append(id: JSON, vector: [Float]) throws(EncoderError) {
        try check(vector, id)
        if format == .numpy {
            bytes.append(contentsOf: numbers.bytes(of: vector[...]))
            return
        }
        begin(id, "embedding")
        append(vector[...])
        if numbers == .int8 { append(",\"scale\":\((1 / VectorNumbers.scale(of: vector[...])).description)") }
        end()
    }

    /// Appends `{"id": …, "tokens": […], "vectors": [[…], …]}`; with base 64, all vectors are one string.
    ///
    /// - Throws: ``EncoderError/notFinite(id:)``
    public mutating func append(id: JSON, tokens: some Collection<Int32>, vectors: RowMatrix) throws(EncoderError) {
        try check(vectors.elements, id)
        if format == .records { return appendRecord(Array(tokens), numbers.bytes(of: vectors.elements[...])) }
        begin(id, "tokens")
        appendList(tokens) { $0.append(contentsOf: String($1).utf8) }
        append(",\"vectors\":")
        if format == .jsonLines {
            appendList(0..<vectors.rowCount) { $0.append(vectors[$1]) }
        } else {
            append(vectors.elements[...])
        }
        end()
    }

    /// Appends `{"id": …, "indices": […], "values": […]}`.
    ///
    /// - Throws: ``EncoderError/notFinite(id:)``
    public mutating func append(id: JSON, sparse: SparseVector) throws(EncoderError) {
        try check(sparse.weights, id)
        if format == .records { return appendRecord(sparse.tokens, numbers.bytes(of: sparse.weights[...])) }
        begin(id, "indices")
        appendList(sparse.tokens) { $0.append(contentsOf: String($1).utf8) }
        append(",\"values\":")
        appendList(sparse.weights) { $0.append(contentsOf: $1.description.utf8) }
        end()
    }

    private func check(_ floats: [Float], _ id: JSON) throws(EncoderError) {
        guard floats.allSatisfy(\.isFinite) else { throw .notFinite(id: id.serialized()) }
        guard numbers != .float16 || floats.allSatisfy({ abs($0) <= VectorNumbers.float16Limit }) else {
            throw .wrongVectors("the vector of text \(id.serialized()) has numbers beyond those of f16: write f32")
        }
    }

    private mutating func appendRecord(_ tokens: [Int32], _ numbers: [UInt8]) {
        for value in [Int32(tokens.count)] + tokens {
            withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
        }
        bytes += numbers
    }

    private mutating func begin(_ id: JSON, _ name: String) { append("{\"id\":\(id.serialized()),\"\(name)\":") }

    private mutating func end() { append("}\n") }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func append(contentsOf units: String.UTF8View) { bytes.append(contentsOf: units) }

    private mutating func append(_ floats: ArraySlice<Float>) {
        guard format == .jsonLines else {
            append("\"")
            appendBase64(numbers.bytes(of: floats))
            append("\"")
            return
        }
        switch numbers {
        case .float32: appendList(floats) { $0.append(contentsOf: $1.description.utf8) }
        case .float16: appendList(floats) { $0.append(contentsOf: Float16($1).description.utf8) }
        case .int8: appendList(VectorNumbers.whole(floats)) { $0.append(contentsOf: String($1).utf8) }
        case .binary: appendList(VectorNumbers.bits(floats)) { $0.append(contentsOf: String($1).utf8) }
        }
    }

    private mutating func appendList<Element>(
        _ elements: some Sequence<Element>, _ append: (inout VectorRows, Element) -> Void
    ) {
        var separator = UInt8(ascii: "[")
        for element in elements {
            bytes.append(separator)
            append(&self, element)
            separator = UInt8(ascii: ",")
        }
        if separator == UInt8(ascii: "[") { bytes.append(separator) }
        bytes.append(UInt8(ascii: "]"))
    }

    private mutating func appendBase64(_ raw: [UInt8]) {
        for start in stride(from: 0, to: raw.count, by: 3) {
            let part = raw[start..<min(start + 3, raw.count)]
            let word = part.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - part.count))
            for place in 0..<4 {
                let digit = Int(word >> UInt32(18 - 6 * place)) & 63
                bytes.append(place <= part.count ? Self.alphabet[digit] : UInt8(ascii: "="))
            }
        }
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
}

extension TokenVectors {
    /// The vectors without those of some tokens, such as ``TextEncoder/skippedTokens``.
    public func without(_ skipped: Set<Int32>) -> TokenVectors {
        guard tokens.contains(where: skipped.contains) else { return self }
        let kept = tokens.indices.filter { !skipped.contains(tokens[$0]) }
        return TokenVectors(
            tokens: kept.map { tokens[$0] },
            vectors: RowMatrix(columnCount: vectors.columnCount, elements: kept.flatMap { vectors[$0] }))
    }
}
