import CGygesZstd

/// Zstandard (RFC 8878) by the system's libzstd: what Inspect packs the members of its logs with. Read only.
enum Zstandard {
    /// The bytes that were compressed, if `compressed` is whole and holds at most `limit` of them; otherwise `nil`.
    ///
    /// Everything goes straight into memory of `limit` bytes, so that what a frame says of its window costs nothing.
    static func decompressed(_ compressed: [UInt8], limit: Int) -> [UInt8]? {
        guard limit >= 0 else { return nil }
        var isWhole = false
        let output = [UInt8](unsafeUninitializedCapacity: max(1, limit)) { output, count in
            let result = compressed.withUnsafeBytes { input in
                ZSTD_decompress(output.baseAddress, limit, input.baseAddress, input.count)
            }
            isWhole = ZSTD_isError(result) == 0
            count = isWhole ? result : 0
        }
        return isWhole ? output : nil
    }
}
