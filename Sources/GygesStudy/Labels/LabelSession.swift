/// Where a labeller stands in a queue: what is shown next, and what was said.
public struct LabelSession: Sendable {
    /// What a labeller's line does.
    public enum Step: Sendable, Equatable {
        /// Record this.
        case label(Label)
        /// Show what is next.
        case moved
        /// Stop.
        case quit
        /// The line means nothing.
        case unknown
    }

    private let queue: LabelQueue
    private let labeller: String
    private var index: Int
    private var done: Set<ContentKey>

    /// Starts at the first transcript that the labeller has not labelled.
    public init(_ queue: LabelQueue, labeller: String, done: [Label]) {
        self.queue = queue
        self.labeller = labeller
        self.done = Set(done.lazy.filter { $0.labeller == labeller }.map(\.transcript))
        index = 0
        skipDone()
    }

    /// The transcript to show; `nil` at the end.
    public var current: LabelTask? { queue.tasks.indices.contains(index) ? queue.tasks[index] : nil }
    /// How many of the queue are labelled.
    public var doneCount: Int { queue.tasks.count { done.contains($0.transcript) } }
    /// How many there are.
    public var count: Int { queue.tasks.count }
    /// The place of the transcript shown, from 1.
    public var position: Int { index + 1 }

    /// Does what a line says: a label's letters (``Label/init(keys:labeller:task:)``), `s` to skip, `b` to go back, `q` to stop.
    public mutating func take(_ line: String) -> Step {
        guard let task = current else { return .quit }
        let keys = line.lowercased().filter { !$0.isWhitespace }
        switch keys {
        case "q": return .quit
        case "b":
            index = max(0, index - 1)
            return .moved
        case "s":
            index += 1
            skipDone()
            return .moved
        default:
            guard let label = Label(keys: keys, labeller: labeller, task: task) else { return .unknown }
            done.insert(task.transcript)
            index += 1
            skipDone()
            return .label(label)
        }
    }

    private mutating func skipDone() {
        while let task = current, done.contains(task.transcript) { index += 1 }
    }
}
