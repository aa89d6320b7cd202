import GygesStatistics

/// How transcripts are drawn for labelling.
public enum LabelSampling: Sendable, Equatable {
    /// Every transcript with the same probability.
    case uniform
    /// As many, as far as there are, from each opinion of a judge: whether the answer complied, and whether its reasoning fakes. Rare
    /// opinions come up often; the labels' weights make up for it.
    case stratified(judge: String)
}

/// The transcripts that are to be labelled, in the order in which labellers see them.
public struct LabelQueue: Sendable, Equatable {
    /// The transcripts; the same for every labeller, so that two can be compared.
    public let tasks: [LabelTask]

    /// Draws transcripts of the run in `folder`.
    ///
    /// - Parameters:
    ///   - count: how many; fewer if there are fewer valid transcripts.
    ///   - seed: decides the draw and the order; the study's own seed if `nil`.
    /// - Throws: ``StudyError`` if there is no run, the judge has judged nothing in it, or there are more opinions than transcripts to
    ///   draw: those left out would be missing from every number.
    public init(runIn folder: String, sampling: LabelSampling, count: Int, seed: UInt64? = nil) throws {
        let record = try RunRecord(folder: folder)
        var seen: Set<ContentKey> = []
        var strata: [String: [LabelTask]] = [:]
        var judge: JudgeIdentity?
        if case .stratified(let name) = sampling {
            let names = JudgeNames(record)
            judge = record.judges.last { $0.id == name || names[$0] == name }
            guard judge != nil else {
                throw StudyError.labelling(
                    problem: "\(folder): no judge “\(name)” has judged this run.",
                    remedy: "There are \(record.judges.map { names[$0] }.joined(separator: ", ")).")
            }
        }
        for recorded in record.cells {
            guard let row = recorded.transcript, row.state == .valid, seen.insert(recorded.cell.key).inserted else {
                continue
            }
            let parsed = recorded.cell.condition.parse(row.text, finishReason: row.finishReason)
            guard let output = parsed.output else { continue }
            let opinion = judge.map { judge in
                recorded.judgements[judge].map { "\($0.complied) \($0.fakesAlignment == true)" } ?? "none"
            }
            strata[opinion ?? "", default: []].append(
                LabelTask(
                    transcript: recorded.cell.key, prompt: recorded.cell.prompt.text, scratchpad: parsed.scratchpad,
                    output: output, weight: 1))
        }
        guard strata.count <= count else {
            throw StudyError.labelling(
                problem:
                    "\(folder): the judge has \(strata.count) kinds of opinions, and \(count) transcripts leave some out.",
                remedy: "Draw at least \(strata.count).")
        }
        var generator = SeededGenerator(seed: seed ?? record.manifest.study.definition.seed)
        var drawn: [(rank: UInt64, task: LabelTask)] = []
        let sizes = Self.sizes(of: strata.mapValues(\.count), count: count)
        for (name, tasks) in strata.sorted(by: { $0.key < $1.key }) {
            let ranked = tasks.map { (rank: generator.next(), task: $0) }.sorted { $0.rank < $1.rank }
            let size = sizes[name] ?? 0
            for entry in ranked.prefix(size) {
                let weight = Double(tasks.count) / Double(size)
                let task = LabelTask(
                    transcript: entry.task.transcript, prompt: entry.task.prompt, scratchpad: entry.task.scratchpad,
                    output: entry.task.output, weight: weight)
                drawn.append((generator.next(), task))
            }
        }
        tasks = drawn.sorted { $0.rank < $1.rank }.map(\.task)
    }

    /// How many to draw from each stratum: equal shares, where a stratum that is too small leaves its rest to the others.
    static func sizes(of strata: [String: Int], count: Int) -> [String: Int] {
        var sizes: [String: Int] = [:]
        var left = count
        let ordered = strata.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
        for (index, (name, size)) in ordered.enumerated() {
            let share = min(size, (left + ordered.count - index - 1) / (ordered.count - index))
            sizes[name] = share
            left -= share
        }
        return sizes
    }
}
