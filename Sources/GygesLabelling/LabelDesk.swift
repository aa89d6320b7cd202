import GygesFiles
import GygesReport
import GygesServer
public import GygesStudy

/// What the labelling page shows and takes in: transcripts of a queue by their place, and labels.
///
/// Nothing in it tells a transcript's tier, condition or a judge's opinion of it.
public struct LabelDesk: Sendable {
    private let queue: LabelQueue
    private let book: LabelBook
    /// What is labelled, for the page's title.
    let name: String
    /// Who labels, if that is decided; otherwise the page asks.
    let labeller: String?

    /// Puts a queue and the book that its labels go into on a desk.
    public init(_ queue: LabelQueue, book: LabelBook, name: String, labeller: String? = nil) {
        self.queue = queue
        self.book = book
        self.name = name
        self.labeller = labeller
    }

    /// What is labelled, and by whom if that is decided.
    var title: JSON {
        ["name": .string(VisibleText.shown(name)), "labeller": labeller.map { .string($0) } ?? .null]
    }

    /// A labeller's labels in the order of the queue, as the letters that give them; `null` where there is none.
    func labels(of labeller: String?) throws -> JSON {
        let labeller = try checked(labeller)
        let known = Dictionary(
            try book.labels().lazy.filter { $0.labeller == labeller }.map { ($0.transcript, $0) },
            uniquingKeysWith: { first, _ in first })
        return ["labels": .array(queue.tasks.map { known[$0.transcript].map { .string($0.keys) } ?? .null })]
    }

    /// The transcript at a place of the queue, with everything invisible in it made visible; `nil` if there is no such place.
    func task(at place: Int) -> JSON? {
        guard queue.tasks.indices.contains(place) else { return nil }
        let task = queue.tasks[place]
        return [
            "transcript": .string(task.transcript.hexadecimal), "request": .string(VisibleText.shown(task.prompt)),
            "reasoning": task.scratchpad.map { .string(VisibleText.shown($0)) } ?? .null,
            "answer": .string(VisibleText.shown(task.output)),
        ]
    }

    /// Records a label: `{"labeller": NAME, "transcript": KEY, "keys": LETTERS}`. It is on the disk when the call returns.
    ///
    /// - Throws: `Refusal` for anything that is no label of a transcript of the queue; `StudyError`.
    func record(_ body: JSON) async throws {
        let labeller = try checked(body["labeller"]?.string)
        guard let key = body["transcript"]?.string,
            let task = queue.tasks.first(where: { $0.transcript.hexadecimal == key })
        else { throw Refusal("“transcript” is not the key of one that is to be labelled here") }
        guard let keys = body["keys"]?.string, let label = Label(keys: keys, labeller: labeller, task: task) else {
            throw Refusal("“keys” is none of n, p, c (with f where there is reasoning) and u")
        }
        try await book.record(label)
    }

    private func checked(_ labeller: String?) throws(Refusal) -> String {
        guard let labeller, LabelTable.isName(labeller) else {
            throw Refusal(
                "“labeller” is a name of letters, digits, hyphens, dots and underscores, at most 64 long")
        }
        guard self.labeller == nil || labeller == self.labeller else {
            throw Refusal("labels are taken from \(self.labeller ?? "nobody") alone")
        }
        return labeller
    }
}
