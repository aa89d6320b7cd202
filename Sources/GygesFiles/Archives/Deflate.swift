import CGygesZlib

/// Raw DEFLATE (RFC 1951) by the system's zlib: what ZIP archives hold, and what browsers read as `deflate-raw`.
public enum Deflate {
    /// The bytes compressed. The same bytes give the same result on one machine; another version of zlib may pack them otherwise.
    ///
    /// - Parameter level: from 1, fast, to 9, small.
    /// - Precondition: `1 <= level <= 9`.
    /// - Complexity: O(n); 30 to 100 MB a second at level 6.
    public static func compressed(_ bytes: [UInt8], level: Int32 = 6) -> [UInt8] {
        var stream = z_stream()
        guard (1...9).contains(level), gyges_deflate_init_raw(&stream, level) == Z_OK else {
            fatalError("zlib cannot start at level \(level)")  // Or there is no memory left at all.
        }
        defer { deflateEnd(&stream) }
        let bound = Int(deflateBound(&stream, uLong(bytes.count)))
        var input = bytes
        return [UInt8](unsafeUninitializedCapacity: bound) { output, count in
            input.withUnsafeMutableBufferPointer { input in
                stream.next_in = input.baseAddress
                stream.avail_in = uInt(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = uInt(output.count)
                guard deflate(&stream, Z_FINISH) == Z_STREAM_END else {
                    fatalError("zlib did not fit \(input.count) bytes into the bound that it gave")
                }
            }
            count = bound - Int(stream.avail_out)
        }
    }

    /// The bytes that were compressed, if `compressed` is whole and holds at most `limit` of them; otherwise `nil`.
    public static func decompressed(_ compressed: [UInt8], limit: Int) -> [UInt8]? {
        var stream = z_stream()
        guard limit >= 0, limit < Int(UInt32.max), gyges_inflate_init_raw(&stream) == Z_OK else { return nil }
        defer { inflateEnd(&stream) }
        var input = compressed
        var isWhole = false
        // A byte more than allowed, so that the end of the stream is seen even where the output is full.
        let output = [UInt8](unsafeUninitializedCapacity: limit + 1) { output, count in
            input.withUnsafeMutableBufferPointer { input in
                stream.next_in = input.baseAddress
                stream.avail_in = uInt(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = uInt(output.count)
                isWhole = inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_in == 0
            }
            count = limit + 1 - Int(stream.avail_out)
        }
        return isWhole && output.count <= limit ? output : nil
    }

    /// The cyclic redundancy check of ZIP and gzip (RFC 1952, §8).
    ///
    /// - Parameter previous: The check of the bytes before these, if there are any.
    public static func crc32(_ bytes: [UInt8], after previous: UInt32 = 0) -> UInt32 {
        // zlib takes a missing pointer for the question where to begin.
        guard !bytes.isEmpty else { return previous }
        return bytes.withUnsafeBufferPointer {
            UInt32(truncatingIfNeeded: crc32_z(uLong(previous), $0.baseAddress, $0.count))
        }
    }
}
