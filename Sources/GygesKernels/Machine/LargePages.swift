#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Memory for data that is streamed through: in pages of 2 MiB as far as whole ones fit and the system grants them.
///
/// With pages of 4 KiB every page costs a walk of the page table and stops the processor's prefetching. The caller deallocates.
public func allocateForStreaming(byteCount: Int) -> UnsafeMutableRawBufferPointer {
    let page = 2 << 20
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: byteCount < page ? 64 : page)
    // Advice that is not taken costs nothing but speed.
    if byteCount >= page { madvise(memory.baseAddress, byteCount / page * page, MADV_HUGEPAGE) }
    return memory
}
