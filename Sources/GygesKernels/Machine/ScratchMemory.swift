import Synchronization

/// Memory that outlives a call, so that the system need not clear it for every layer.
final class ScratchMemory: Sendable {
    // Invariant: memory that nobody but its holder uses: `kept`, or the one call of `with` that took it from there.
    private struct Buffer: @unchecked Sendable {
        var bytes: UnsafeMutableRawBufferPointer
    }

    private let kept = Mutex<Buffer?>(nil)

    deinit { kept.withLock { $0?.bytes.deallocate() } }

    /// Calls `body` with `byteCount` bytes of any content, which are its own until it returns.
    ///
    /// The largest buffer so far is kept. Of two calls at the same time, one gets memory of its own.
    func with(byteCount: Int, _ body: (UnsafeMutableRawPointer) -> Void) {
        var buffer = kept.withLock { kept in
            defer { kept = nil }
            return kept
        }
        if let old = buffer, old.bytes.count < byteCount {
            old.bytes.deallocate()
            buffer = nil
        }
        let mine = buffer ?? Buffer(bytes: allocateForStreaming(byteCount: byteCount))
        body(mine.bytes.baseAddress!)
        let surplus = kept.withLock { kept in
            guard let other = kept, other.bytes.count > mine.bytes.count else {
                defer { kept = mine }
                return kept
            }
            return mine
        }
        surplus?.bytes.deallocate()
    }
}
