#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

private final class ThreadBody {
    let run: () -> Void
    init(_ run: @escaping () -> Void) { self.run = run }
}

/// Runs `body` on a new thread outside the concurrency pool, which a forward pass would otherwise occupy for long.
func startThread(named name: String, _ body: @escaping @Sendable () -> Void) {
    let box = Unmanaged.passRetained(ThreadBody(body))
    var thread = pthread_t()
    let status = pthread_create(
        &thread, nil,
        { argument in
            Unmanaged<ThreadBody>.fromOpaque(argument!).takeRetainedValue().run()
            return nil
        }, box.toOpaque())
    guard status == 0 else { fatalError("cannot start the thread \(name): error \(status)") }
    pthread_detach(thread)
}
