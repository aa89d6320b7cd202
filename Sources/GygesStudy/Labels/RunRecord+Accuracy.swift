public import GygesAnalysis

extension JudgeAccuracy {
    /// The accuracy of every judge of the run in `folder`, for every outcome that `labeller` has labelled.
    ///
    /// - Throws: ``StudyError`` if there is no run.
    public static func accuracies(ofRunIn folder: String, labeller: String) throws -> [JudgeAccuracy] {
        try RunRecord(folder: folder).accuracies(labeller: labeller)
    }
}

extension RunRecord {
    /// Every judge of the run against every labeller, as far as there are labels.
    var accuracies: [JudgeAccuracy] {
        Set(labels.map(\.labeller)).sorted().flatMap { accuracies(labeller: $0) }
    }

    /// Every judge against one labeller, for every outcome that was labelled; closed questions, whose answers need no judge, are left
    /// out, as where judges are compared with each other.
    func accuracies(labeller: String) -> [JudgeAccuracy] {
        let given = Dictionary(
            labels.lazy.filter { $0.labeller == labeller }.map { ($0.transcript, $0) },
            uniquingKeysWith: { first, _ in first }
        ).sorted { $0.key.hexadecimal < $1.key.hexadecimal }
        let level = manifest.study.definition.preregistration.rule.level
        return judges.flatMap { judge in
            LabelOutcome.allCases.compactMap { outcome in
                guard outcome == .compliance || names.judgesFaking(judge) else { return nil }
                let pairs = given.compactMap { key, label -> JudgeAccuracy.Pair? in
                    guard let judgement = labelled[key]?[judge], let answer = outcome.value(of: label),
                        let judged = outcome.value(of: judgement)
                    else { return nil }
                    return JudgeAccuracy.Pair(
                        label: answer, judged: judged, score: outcome.score(of: judgement), weight: label.weight,
                        prompt: labelledPrompts[key])
                }
                return pairs.isEmpty
                    ? nil
                    : JudgeAccuracy(
                        judge: names[judge], labeller: labeller, outcome: outcome, pairs: pairs, level: level,
                        seed: manifest.study.definition.seed)
            }
        }
    }
}
