#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// How many files this process may have open at once.
public enum DescriptorLimit {
    /// Raises the limit as far as the system lets, and makes sure that so many more files can be opened.
    ///
    /// The threads that tasks run on, and connections, need some (`epoll`, `eventfd`) and their libraries end the process where
    /// they get none; a program asks here first.
    ///
    /// - Throws: ``FileError`` if fewer can be opened.
    /// - Complexity: O(`count`).
    public static func require(_ count: Int) throws(FileError) {
        let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        if getrlimit(kind, &limit) == 0, limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max
            setrlimit(kind, &limit)
        }
        var opened: [Int32] = []
        defer { for descriptor in opened { close(descriptor) } }
        while opened.count < count {
            let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else {
                throw FileError(
                    "open files",
                    "only \(opened.count) more can be opened (\(String(cString: strerror(errno)))); \(count) are needed",
                    remedy: "Raise the limit of open files, for example with: ulimit -n 1024")
            }
            opened.append(descriptor)
        }
    }
}
