#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Writes all bytes to a descriptor, however many calls that takes: at `offset`, or where the descriptor stands.
///
/// - Returns: Whether all were written; `errno` says why not.
func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at offset: Int? = nil) -> Bool {
    var done = 0
    while done < bytes.count {
        let rest = bytes.baseAddress.map { $0 + done }
        let count =
            if let offset {
                pwrite(descriptor, rest, bytes.count - done, off_t(offset + done))
            } else {
                write(descriptor, rest, bytes.count - done)
            }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return false }
        done += count
    }
    return true
}
