import Logging
import ServiceLifecycle
import UnixSignals

/// Runs a service until a signal ends it, and no longer than a time after that.
struct LimitedShutdown {
    /// How long the service may take to end by itself after a signal.
    let grace: Duration
    /// How long it may take after it was cancelled. Whoever reads nothing holds up even a connection that is being closed.
    private static let cut = Duration.seconds(1)

    /// Runs a service to its end.
    ///
    /// - Throws: What the service throws.
    func run(_ service: any Service, endedBy signals: [UnixSignal], logger: Logger) async throws {
        let (ends, end) = AsyncThrowingStream<Void, any Error>.makeStream()
        let (shutdowns, shutdown) = AsyncStream<Void>.makeStream()
        // Services are told to end from the last to the first, one after another: the watcher has to be the last.
        let group = ServiceGroup(
            configuration: .init(
                services: [service, Watcher(shutdown: shutdown)], gracefulShutdownSignals: signals, logger: logger))
        // On a task of its own, which can be left alone where it does not end.
        let serving = Task {
            do {
                try await group.run()
                end.finish()
            } catch {
                end.finish(throwing: error)
            }
        }
        let limiting = Task { [grace] in
            for await _ in shutdowns {
                guard (try? await Task.sleep(for: grace)) != nil else { return }
                serving.cancel()
                guard (try? await Task.sleep(for: Self.cut)) != nil else { return }
                end.finish()
            }
        }
        defer { limiting.cancel() }
        do {
            try await withTaskCancellationHandler {
                for try await _ in ends {}
            } onCancel: {
                serving.cancel()
            }
        } catch is CancellationError where !Task.isCancelled {
            // The time after a signal was over.
            return
        }
        // Who is cancelled waits for the end all the same.
        if Task.isCancelled { await serving.value }
    }

    /// Sees that the shutdown begins.
    private struct Watcher: Service {
        let shutdown: AsyncStream<Void>.Continuation

        func run() async throws {
            try await gracefulShutdown()
            shutdown.yield()
        }
    }
}
