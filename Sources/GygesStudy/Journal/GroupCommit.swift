import GRDB
import Synchronization

/// Joins writes that come while the disk is busy into one transaction: each still ends only when it is on the disk, and as many as
/// wait share one wait.
///
/// A disk takes milliseconds to confirm a transaction, whatever is in it; a row each would bound a run of a hundred thousand
/// transcripts to a few hundred rows a second.
final class GroupCommit: Sendable {
    private typealias Body = @Sendable (Database) throws -> Void

    private struct Waiting: Sendable {
        let body: Body
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var waiting: [Waiting] = []
        var isWriting = false
        var count = 0
    }

    private let queue: DatabaseQueue
    private let state = Mutex(State())

    init(_ queue: DatabaseQueue) { self.queue = queue }

    /// How many transactions were begun.
    var count: Int { state.withLock { $0.count } }

    /// Writes; a failure of one write undoes that one alone.
    ///
    /// - Throws: what `body` throws, or what keeps the whole transaction from the disk.
    func write(_ body: @escaping @Sendable (Database) throws -> Void) async throws {
        try await withCheckedThrowingContinuation { continuation in
            let isFirst = state.withLock { state in
                state.waiting.append(Waiting(body: body, continuation: continuation))
                defer { state.isWriting = true }
                return !state.isWriting
            }
            // A task of its own: what others wait for must not end because one of them is cancelled.
            if isFirst { Task { await drain() } }
        }
    }

    private func drain() async {
        while true {
            let group = state.withLock { state in
                defer { state.waiting = [] }
                state.isWriting = !state.waiting.isEmpty
                state.count += state.waiting.isEmpty ? 0 : 1
                return state.waiting
            }
            if group.isEmpty { return }
            let bodies = group.map(\.body)
            let results: [Result<Void, any Error>]
            do {
                results = try await queue.write { db in
                    try bodies.map { body in
                        do {
                            try db.inSavepoint {
                                try body(db)
                                return .commit
                            }
                            return .success(())
                        } catch let error as DatabaseError where error.resultCode != .SQLITE_CONSTRAINT {
                            // Not this write's fault: the disk is full, or the file broken.
                            throw error
                        } catch {
                            return .failure(error)
                        }
                    }
                }
            } catch {
                results = group.map { _ in .failure(error) }
            }
            for (waiting, result) in zip(group, results) { waiting.continuation.resume(with: result) }
        }
    }
}
