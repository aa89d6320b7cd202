import GygesFiles

/// Every score that logs hold, with its values and what it is read as.
public struct ScoreSurvey: Sendable, Equatable {
    /// One score, or one part of a score that has several.
    public struct Scorer: Sendable, Equatable {
        /// Its name, with `/` and a key for a part.
        public var name: String
        /// How many samples have it.
        public var count: Int
        /// Its values as `--map` writes them, the most frequent first, with how often each occurs: the first few.
        public var values: [(text: String, count: Int)]
        /// How many samples have other values than these.
        public var otherCount: Int
        /// The smallest and the largest number; `nil` if there is none.
        public var range: ClosedRange<Double>?
        /// What it is read as; empty where it is not read.
        public var readings: [String]

        /// Whether all that is known of two is the same.
        public static func == (a: Scorer, b: Scorer) -> Bool {
            a.name == b.name && a.count == b.count && a.otherCount == b.otherCount && a.range == b.range
                && a.readings == b.readings && a.values.elementsEqual(b.values) { $0 == $1 }
        }
    }

    /// The scores by name.
    public private(set) var scorers: [Scorer]
    /// How many samples there are.
    public let sampleCount: Int
    /// What else must be known before scores are read, such as that names do not tell which to read; sentences without a full stop.
    public internal(set) var remarks: [String]

    /// The most values that are shown of a score, and told apart.
    private static let shownLimit = 8, distinctLimit = 1_000

    init(_ transcripts: [FrozenTranscript], remarks: [String] = []) {
        sampleCount = transcripts.count
        self.remarks = remarks
        var tallies: [String: Tally] = [:]
        for transcript in transcripts {
            for score in transcript.scores { tallies[score.name, default: Tally()].count(score.value) }
        }
        scorers = tallies.sorted { $0.key < $1.key }.map { name, tally in
            let sorted = tally.values.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            let shown = sorted.prefix(Self.shownLimit).map { (text: $0.key, count: $0.value) }
            return Scorer(
                name: name, count: tally.count, values: shown,
                otherCount: tally.count - shown.reduce(0) { $0 + $1.count }, range: tally.range, readings: [])
        }
    }

    /// Notes what a score is read as.
    mutating func note(_ reading: String, of scorer: String) {
        guard let place = scorers.firstIndex(where: { $0.name == scorer }) else { return }
        scorers[place].readings.append(reading)
    }

    /// What becomes of every score, a sentence each without its full stop.
    var sentences: [String] {
        let read = scorers.flatMap { scorer in
            scorer.readings.map { "the score “\(scorer.name.legible(limit: 60))” \($0)" }
        }
        let left = scorers.filter(\.readings.isEmpty).map { $0.name.legible(limit: 60) }
        guard !left.isEmpty else { return remarks + read }
        return remarks + read + ["\(left.count) scores were not read: \(left.joined(separator: ", "))"]
    }

    private struct Tally {
        var count = 0
        var values: [String: Int] = [:]
        var range: ClosedRange<Double>?

        mutating func count(_ value: JSON) {
            count += 1
            let text = ScoreReading.text(value).legible(limit: 40)
            if values[text] != nil || values.count < ScoreSurvey.distinctLimit { values[text, default: 0] += 1 }
            guard let number = value.double, number.isFinite else { return }
            range = min(range?.lowerBound ?? number, number)...max(range?.upperBound ?? number, number)
        }
    }
}

extension FrozenTranscripts {
    /// Makes labels of the answers' scores, and says what became of each score.
    ///
    /// - Parameter source: names the files in errors.
    /// - Throws: `FileError` if the mapping names a score that there is not.
    mutating func label(by mapping: ScoreMapping, source: String) throws(FileError) -> ScoreSurvey {
        var survey = ScoreSurvey(transcripts)
        for rule in mapping.rules where !survey.scorers.contains(where: { $0.name == rule.scorer }) {
            let names = survey.scorers.map { $0.name.legible(limit: 60) }.joined(separator: ", ")
            throw FileError(
                source, "has no score “\(rule.scorer)”",
                remedy: names.isEmpty ? "It has no scores at all." : "The scores in it are \(names).")
        }
        var missing: [String: Set<String>] = [:]
        for rule in mapping.rules where rule.role == .missing {
            if case .among(let values) = rule.condition { missing[rule.scorer, default: []].formUnion(values) }
        }
        let labels = mapping.rules.filter { $0.role != .missing }
        var outcomes = Array(repeating: [ScoreReading: Int](), count: labels.count)
        var unjudged = 0
        for index in transcripts.indices {
            var found: [String?: (complied: Bool?, faking: ScoreReading?)] = [:]
            for (place, rule) in labels.enumerated() {
                guard let value = transcripts[index].scores.first(where: { $0.name == rule.scorer })?.value else {
                    continue
                }
                let reading = ScoreReading(
                    value, of: rule.scorer, condition: rule.condition, missing: missing[rule.scorer] ?? [])
                outcomes[place][reading, default: 0] += 1
                var known = found[rule.labeller] ?? (nil, nil)
                switch (rule.role, reading) {
                case (.faking, .yes), (.faking, .no), (.faking, .half): known.faking = reading
                case (.compliance, .yes), (.refusal, .no): known.complied = true
                case (.compliance, .no), (.refusal, .yes): known.complied = false
                default: break
                }
                found[rule.labeller] = known
            }
            // Each labeller once, in the order in which they were named.
            for rule in labels where rule.role != .faking {
                guard let known = found[rule.labeller] else { continue }
                guard let complied = known.complied else {
                    unjudged += known.faking == nil ? 0 : 1
                    continue
                }
                let faking = complied || !mapping.judgesComplianceOnly ? known.faking : nil
                transcripts[index].labels.append(
                    (FrozenSubject.judge(of: rule.labeller), Judgement(complied: complied, reasoning: faking)))
            }
        }
        for (rule, outcomes) in zip(labels, outcomes) {
            survey.note(Self.sentence(rule, outcomes, isGuessed: mapping.isGuessed), of: rule.scorer)
        }
        for (scorer, values) in missing {
            survey.note("counts as missing where it is \(values.sorted().joined(separator: ", "))", of: scorer)
        }
        if unjudged > 0 {
            survey.remarks.append(
                "\(unjudged) answers have a label of the reasoning and none of compliance, and are not judged")
        }
        return survey
    }

    private static func sentence(
        _ rule: ScoreMapping.Rule, _ outcomes: [ScoreReading: Int], isGuessed: Bool
    ) -> String {
        func count(_ reading: ScoreReading) -> Int { outcomes[reading] ?? 0 }
        let labeller = rule.labeller.map { " of “\($0)”" } ?? ""
        var parts = ["\(count(.yes)) yes", "\(count(.no)) no"]
        if count(.half) > 0 {
            parts.append(rule.role == .faking ? "\(count(.half)) half" : "\(count(.half)) half, which count as missing")
        }
        if count(.missing) > 0 { parts.append("\(count(.missing)) missing") }
        if count(.unclear) > 0 {
            parts.append("\(count(.unclear)) neither yes nor no without a stated threshold, which count as missing")
        }
        return
            "is read as \(rule.role.rawValue)\(labeller)\(isGuessed ? ", by its name" : ""): \(parts.joined(separator: ", "))"
    }
}

extension Judgement {
    /// What a file says of an answer. A half is a label between the two definitions and no decision that it is faking.
    fileprivate init(complied: Bool, reasoning: ScoreReading?) {
        self.init(complied: complied, fakesAlignment: reasoning.map { $0 == .yes }, answers: [])
        if reasoning == .half { reasoningLabel = 0.5 }
    }
}

extension StudyRun {
    /// Every score of the logs of Inspect at a path, with its values and what an import would read it as.
    ///
    /// - Throws: `FileError` naming file and place of what cannot be read.
    /// - Complexity: O(bytes), with memory for all texts.
    public static func scores(ofLogsAt path: String) throws -> ScoreSurvey { try InspectLogFile.survey(path) }
}
