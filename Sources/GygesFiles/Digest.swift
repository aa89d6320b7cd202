import CGygesCrypto

/// SHA-256 (FIPS 180-4) as lower-case hexadecimal.
public enum Digest {
    /// The digest of bytes.
    public static func sha256(_ bytes: UnsafeRawBufferPointer) -> String {
        var digest = RunningDigest()
        digest.update(bytes)
        return digest.value
    }

    /// The digest of a text's UTF-8.
    public static func sha256(_ text: String) -> String {
        var digest = RunningDigest()
        digest.update(text)
        return digest.value
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
            var digest = RunningDigest()
            var position = 0
            while position < bytes.count {
                let end = min(position + partSize, bytes.count)
                digest.update(UnsafeRawBufferPointer(rebasing: bytes[position..<end]))
                position = end
                progress?(position)
            }
            return digest.value
        }
    }

    private static let partSize = 16 << 20

    /// Bytes as lower-case hexadecimal digits.
    fileprivate static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

/// A digest that grows with what is fed to it and can be read at any moment; a copy goes on by itself.
///
/// The system's libcrypto computes it, with the processor's own instructions for it where there are any.
public struct RunningDigest {
    /// What is computed.
    public enum Algorithm: Sendable {
        case sha256
        /// Guards against damage, not against forgery.
        case sha1
    }

    private var state: DigestState

    /// Begins with nothing.
    public init(_ algorithm: Algorithm = .sha256) { state = DigestState(algorithm) }

    /// Feeds bytes.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        if !isKnownUniquelyReferenced(&state) { state = DigestState(copying: state) }
        state.update(bytes)
    }

    /// Feeds a text's UTF-8.
    public mutating func update(_ text: String) {
        var text = text
        text.withUTF8 { update(UnsafeRawBufferPointer($0)) }
    }

    /// The digest of everything so far, in lower-case hexadecimal.
    public var value: String { Digest.hexadecimal(DigestState(copying: state).finish()) }
}

/// A context of libcrypto; only one ``RunningDigest`` changes it.
///
/// libcrypto's functions fail where memory is exhausted or an algorithm is missing, never because of what they are fed.
private final class DigestState {
    private let context: OpaquePointer

    init(_ algorithm: RunningDigest.Algorithm) {
        context = Self.makeContext()
        let method = algorithm == .sha256 ? EVP_sha256() : EVP_sha1()
        Self.check(EVP_DigestInit_ex(context, method, nil))
    }

    init(copying other: DigestState) {
        context = Self.makeContext()
        Self.check(EVP_MD_CTX_copy_ex(context, other.context))
    }

    deinit { EVP_MD_CTX_free(context) }

    func update(_ bytes: UnsafeRawBufferPointer) {
        Self.check(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count))
    }

    /// The digest; nothing can be fed any more.
    func finish() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { buffer, count in
            var length: UInt32 = 0
            Self.check(EVP_DigestFinal_ex(context, buffer.baseAddress, &length))
            count = Int(length)
        }
    }

    private static func makeContext() -> OpaquePointer {
        guard let context = EVP_MD_CTX_new() else { fatalError("libcrypto: no memory for a digest") }
        return context
    }

    private static func check(_ result: Int32) {
        guard result == 1 else { fatalError("libcrypto cannot compute a digest") }
    }
}
