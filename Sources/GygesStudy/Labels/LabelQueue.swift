import GygesAnalysis
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
        let journal = try Journal(readingFrom: folder)
        let record = try RunRecord(journal, folder: folder)
        let conditions = Dictionary(
            record.conditions.map { ($0.id, $0.condition) }, uniquingKeysWith: { first, _ in first })
        // Looked up for every answer, of which there may be as many as prompts. Closed questions are left out: their answers need no
        // judge, and so no label.
        let prompts = conditions.mapValues { condition in
            Dictionary(
                condition.scenario.prompts.lazy.filter { $0.expectation == nil }.map { ($0.id, $0.text) },
                uniquingKeysWith: { first, _ in first })
        }
        var judge: JudgeIdentity?
        if case .stratified(let name) = sampling {
            judge = record.judges.last { $0.id == name || record.names[$0] == name }
            guard judge != nil else {
                throw StudyError.labelling(
                    problem: "\(folder): no judge “\(name)” has judged this run.",
                    remedy: "There are \(record.judges.map { record.names[$0] }.joined(separator: ", ")).")
            }
        }
        /// What can be labelled; a cell whose answer is another's, too, comes once.
        func parts(of row: AnswerRow) -> (prompt: String, answer: ParsedTranscript, output: String)? {
            guard let transcript = row.transcript, transcript.state == .valid,
                let condition = conditions[row.condition],
                // What is said afterwards is no answer to the request that labels are about.
                condition.scenario.followUp == nil,
                let prompt = prompts[row.condition]?[row.prompt]
            else { return nil }
            let parsed = condition.parse(transcript.text, finishReason: transcript.finishReason)
            return parsed.output.map { (prompt, parsed, $0) }
        }
        var seen: Set<ContentKey> = []
        var strata: [String: [ContentKey]] = [:]
        try journal.forEachAnswer { row in
            guard parts(of: row) != nil, seen.insert(row.key).inserted else { return }
            let opinion = judge.map { judge in
                row.judgements[judge].map { "\($0.complied) \($0.fakesAlignment == true)" } ?? "none"
            }
            strata[opinion ?? "", default: []].append(row.key)
        }
        guard strata.count <= count else {
            throw StudyError.labelling(
                problem:
                    "\(folder): the judge has \(strata.count) kinds of opinions, and \(count) transcripts leave some out.",
                remedy: "Draw at least \(strata.count).")
        }
        var generator = SeededGenerator(seed: seed ?? record.manifest.study.definition.seed)
        var drawn: [ContentKey: (rank: UInt64, weight: Double)] = [:]
        let sizes = Self.sizes(of: strata.mapValues(\.count), count: count)
        for (name, keys) in strata.sorted(by: { $0.key < $1.key }) {
            let ranked = keys.map { (rank: generator.next(), key: $0) }.sorted { $0.rank < $1.rank }
            let size = sizes[name] ?? 0
            for entry in ranked.prefix(size) {
                drawn[entry.key] = (generator.next(), Double(keys.count) / Double(size))
            }
        }
        // The texts of those drawn alone are kept, which takes a second look at all.
        var tasks: [(rank: UInt64, task: LabelTask)] = []
        try journal.forEachAnswer { row in
            guard let place = drawn[row.key], let (prompt, answer, output) = parts(of: row) else { return }
            drawn[row.key] = nil
            tasks.append(
                (
                    place.rank,
                    LabelTask(
                        transcript: row.key, prompt: prompt, scratchpad: answer.scratchpad, output: output,
                        weight: place.weight)
                ))
        }
        self.tasks = tasks.sorted { $0.rank < $1.rank }.map(\.task)
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
