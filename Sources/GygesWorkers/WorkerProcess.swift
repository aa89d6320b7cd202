/// A worker that runs somewhere.
public protocol WorkerProcess: Sendable {
    /// Where it listens, once it is ready: the path of a socket.
    var address: String { get }
    /// Stops its processor time.
    func park()
    /// Lets it go on.
    func wake()
    /// Ends it, by force if it does not end by itself.
    func end()
}

/// What starts workers.
public protocol WorkerLauncher: Sendable {
    /// Starts a worker.
    ///
    /// - Parameters:
    ///   - number: Its number among the workers of its model.
    ///   - onReady: Called once, when it can be asked.
    ///   - onEnd: Called once, when it has ended, with the last that it said.
    func start(
        _ number: Int, onReady: @escaping @Sendable () -> Void, onEnd: @escaping @Sendable (_ lastWords: String) -> Void
    ) -> any WorkerProcess
}
