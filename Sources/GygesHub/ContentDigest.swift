internal import GygesFiles

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

/// Computes a ``ContentDigest`` while a file grows; a copy goes on by itself.
struct ContentHasher {
    private let isGitBlob: Bool
    private var running: RunningDigest

    /// Creates the hasher that `digest` needs, for a file of `byteCount` bytes.
    init(for digest: ContentDigest, byteCount: Int) {
        switch digest {
        case .sha256:
            isGitBlob = false
            running = RunningDigest(.sha256)
        case .gitBlob:
            isGitBlob = true
            running = RunningDigest(.sha1)
            running.update("blob \(byteCount)\0")
        }
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) { running.update(bytes) }

    /// The digest of everything so far; the hasher can go on.
    var digest: ContentDigest { isGitBlob ? .gitBlob(running.value) : .sha256(running.value) }
}
