import Dispatch
import Foundation
import GygesTraining

/// Threads of this process that train together as processes do.
struct ThreadRanks: RankGroup {
    let rank: Int
    fileprivate let meeting: Meeting

    var count: Int { meeting.count }

    func sum(_ values: UnsafeMutableBufferPointer<Float>) throws {
        let parts = try gather(values.map { Double($0) })
        for index in values.indices {
            values[index] = parts.dropFirst().reduce(Float(parts[0][index])) { $0 + Float($1[index]) }
        }
    }

    func gather(_ values: [Double]) throws -> [[Double]] { try meeting.exchange(values, of: rank) }

    /// Does something on as many threads; their results in the order of ranks. A thread that throws ends the group, as a process does.
    static func during<Value: Sendable>(
        _ count: Int, _ body: @escaping @Sendable (ThreadRanks) async throws -> Value
    ) async -> [Result<Value, any Error>] {
        let meeting = Meeting(count: count)
        let tasks = (0..<count).map { rank in
            Task(executorPreference: RankThread()) {
                do { return try await body(ThreadRanks(rank: rank, meeting: meeting)) } catch {
                    meeting.end()
                    throw error
                }
            }
        }
        var results: [Result<Value, any Error>] = []
        for task in tasks { results.append(await task.result) }
        return results
    }
}

/// A thread for one rank, which may wait for the others: the threads that tasks share are too few for it.
private final class RankThread: TaskExecutor {
    private let queue = DispatchQueue(label: "rank")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// What other threads get where one ended the group.
struct GroupEnded: Error {}

/// Where the threads of a group exchange numbers.
private final class Meeting: @unchecked Sendable {
    let count: Int
    private let condition = NSCondition()
    private var parts: [[Double]]
    private var whole: [[Double]] = []
    private var arrivedCount = 0
    private var round = 0
    private var hasEnded = false

    init(count: Int) {
        self.count = count
        parts = Array(repeating: [], count: count)
    }

    func exchange(_ values: [Double], of rank: Int) throws -> [[Double]] {
        condition.lock()
        defer { condition.unlock() }
        guard !hasEnded else { throw GroupEnded() }
        parts[rank] = values
        arrivedCount += 1
        if arrivedCount == count {
            // Calls that do not belong together would otherwise go unnoticed.
            precondition(parts.allSatisfy { $0.count == values.count })
            (whole, arrivedCount, round) = (parts, 0, round + 1)
            condition.broadcast()
        } else {
            let mine = round
            while round == mine, !hasEnded { condition.wait() }
            guard round != mine else { throw GroupEnded() }
        }
        return whole
    }

    func end() {
        condition.withLock {
            hasEnded = true
            condition.broadcast()
        }
    }
}
