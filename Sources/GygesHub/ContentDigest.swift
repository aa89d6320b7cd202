internal import Crypto

/// How a publisher identifies the content of a file.
enum ContentDigest: Sendable, Equatable {
    /// SHA-256 of the bytes.
    case sha256(String)
    /// Git's name for the content: SHA-1 of `blob COUNT\0` and the bytes. Guards against damage, not against forgery.
    case gitBlob(String)

    /// The digest in hexadecimal.
    var hexadecimal: String {
        switch self {
        case .sha256(let text), .gitBlob(let text): text
        }
    }
}

/// Computes a ``ContentDigest`` while a file grows.
enum ContentHasher {
    case sha256(SHA256)
    case gitBlob(Insecure.SHA1)

    /// Creates the hasher that `digest` needs, for a file of `byteCount` bytes.
    init(for digest: ContentDigest, byteCount: Int) {
        switch digest {
        case .sha256:
            self = .sha256(SHA256())
        case .gitBlob:
            var hasher = Insecure.SHA1()
            hasher.update(data: Array("blob \(byteCount)\0".utf8))
            self = .gitBlob(hasher)
        }
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        switch self {
        case .sha256(var hasher):
            hasher.update(bufferPointer: bytes)
            self = .sha256(hasher)
        case .gitBlob(var hasher):
            hasher.update(bufferPointer: bytes)
            self = .gitBlob(hasher)
        }
    }

    /// The digest of everything so far; the hasher can go on.
    var digest: ContentDigest {
        switch self {
        case .sha256(let hasher): .sha256(hexadecimal(hasher.finalize()))
        case .gitBlob(let hasher): .gitBlob(hexadecimal(hasher.finalize()))
        }
    }
}

/// Bytes as lower-case hexadecimal digits.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
