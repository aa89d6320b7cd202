extension JSON {
    /// What a parser accepts.
    public struct Limits: Sendable {
        /// The deepest nesting of arrays and objects.
        public var depth: Int
        /// The largest document in bytes.
        public var byteCount: Int
        /// Whether `NaN`, `Infinity` and `-Infinity` are accepted, which Python writes and RFC 8259 forbids.
        public var allowsNonFinite: Bool
        /// Whether a name that stands twice in an object is an error; otherwise the last value wins.
        public var rejectsDuplicateKeys: Bool

        /// Creates limits.
        public init(
            depth: Int = 128, byteCount: Int = 512 << 20, allowsNonFinite: Bool = false,
            rejectsDuplicateKeys: Bool = false
        ) {
            self.depth = depth
            self.byteCount = byteCount
            self.allowsNonFinite = allowsNonFinite
            self.rejectsDuplicateKeys = rejectsDuplicateKeys
        }
    }

    /// Reads a JSON document (RFC 8259).
    ///
    /// Escaped lone surrogates are refused, as are bytes that are not UTF-8, numbers beyond the range of `Double`
    /// (unless non-finite numbers are allowed) and integers of more than 4300 digits, which is Python's own limit.
    /// - Throws: ``FileError`` naming the byte and line of the first fault.
    /// - Complexity: O(bytes).
    public static func parse(
        _ bytes: UnsafeRawBufferPointer, path: String, limits: Limits = .init()
    ) throws(FileError) -> JSON {
        var parser = JSONReader(bytes: bytes, path: path, limits: limits)
        return try parser.document()
    }

    /// Reads a JSON document held in an array.
    public static func parse(_ bytes: [UInt8], path: String, limits: Limits = .init()) throws(FileError) -> JSON {
        let result: Result<JSON, FileError> = bytes.withUnsafeBytes { buffer in
            do throws(FileError) { return .success(try parse(buffer, path: path, limits: limits)) } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Reads the JSON document in a file, or on standard input for `-`.
    ///
    /// - Throws: ``FileError`` if the file cannot be read or is not a document within the limits.
    public static func read(path: String, limits: Limits = .init()) throws(FileError) -> JSON {
        guard path != "-" else {
            return try parse(
                try MappedFile.read(path: path, limit: limits.byteCount), path: "standard input", limits: limits)
        }
        return try MappedFile(path: path).withBytes { bytes throws(FileError) in
            try parse(bytes, path: path, limits: limits)
        }
    }

    /// Reads a JSON document held in a string.
    public init(parsing text: String, path: String = "JSON text", limits: Limits = .init()) throws(FileError) {
        self = try JSON.parse(Array(text.utf8), path: path, limits: limits)
    }
}
