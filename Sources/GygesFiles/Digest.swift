import Crypto

/// SHA-256 (FIPS 180-4) as lower-case hexadecimal.
public enum Digest {
    /// The digest of bytes.
    public static func sha256(_ bytes: UnsafeRawBufferPointer) -> String {
        var hash = SHA256()
        hash.update(bufferPointer: bytes)
        return hexadecimal(hash.finalize())
    }

    /// The digest of a text's UTF-8.
    public static func sha256(_ text: String) -> String {
        var text = text
        return text.withUTF8 { sha256(UnsafeRawBufferPointer($0)) }
    }

    /// The digest of a file, reading it in parts.
    ///
    /// - Parameter progress: Called with the bytes done so far.
    /// - Throws: ``FileError`` if the file cannot be read.
    public static func sha256(
        file path: String, progress: ((Int) -> Void)? = nil
    ) throws(FileError) -> String {
        let file = try MappedFile(path: path)
        file.advise(.sequential)
        return file.withBytes { bytes in
            var hash = SHA256()
            var position = 0
            while position < bytes.count {
                let end = min(position + partSize, bytes.count)
                hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: bytes[position..<end]))
                position = end
                progress?(position)
            }
            return hexadecimal(hash.finalize())
        }
    }

    private static let partSize = 16 << 20

    fileprivate static func hexadecimal(_ digest: SHA256.Digest) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

/// A SHA-256 that grows with what is fed to it and can be read at any moment.
public struct RunningDigest {
    private var hash = SHA256()

    /// Begins with nothing.
    public init() {}

    /// Feeds a text's UTF-8.
    public mutating func update(_ text: String) {
        var text = text
        text.withUTF8 { hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }
    }

    /// The digest of everything so far.
    public var value: String { Digest.hexadecimal(hash.finalize()) }
}
