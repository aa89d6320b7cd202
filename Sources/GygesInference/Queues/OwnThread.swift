#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Starts threads outside the concurrency pool, which a forward pass would otherwise occupy for long.
struct ThreadStarter: Sendable {
    /// Starts a thread that runs `body`; returns 0, or an error as `errno` numbers it, and `body` is then never called.
    var start: @Sendable (_ body: @escaping @Sendable () -> Void) -> Int32

    /// Asks the system, which may have none to give (a limit of processes, or no memory for a stack).
    static let system = ThreadStarter { body in
        let box = Unmanaged.passRetained(ThreadBody(body))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { argument in
                // What `passRetained` gave, once.
                if let argument { Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, box.toOpaque())
        guard status == 0 else {
            box.release()
            return status
        }
        pthread_detach(thread)
        return 0
    }
}

private final class ThreadBody {
    let run: () -> Void
    init(_ run: @escaping () -> Void) { self.run = run }
}
