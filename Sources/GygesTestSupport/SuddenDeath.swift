#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Ends this process by SIGKILL after so many microseconds, whatever its tasks are doing.
public func killThisProcess(after microseconds: UInt32) {
    // A thread of the system, because the tasks' threads may all be busy.
    var thread = pthread_t()
    pthread_create(
        &thread, nil,
        { argument in
            usleep(UInt32(UInt(bitPattern: argument)))
            kill(getpid(), SIGKILL)
            return nil
        }, UnsafeMutableRawPointer(bitPattern: UInt(microseconds)))
}
