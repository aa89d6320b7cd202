import GygesAnalysis
import GygesFiles
import GygesTemplates

/// Transcripts of others as a study that asks what was asked.
///
/// Every condition of the files becomes a scenario with their system prompt, tiers and prompts, judged by the criteria of a shipped
/// scenario.
extension ImportedStudy {
    /// The mode of all imported answers.
    private static let modeID = "imported"

    /// Makes a study of transcripts.
    ///
    /// - Parameters:
    ///   - subject: who answered.
    ///   - criteria: the scenario whose criteria are used where the files name none that is shipped.
    /// - Throws: `FileError` if a prompt's name stands for several texts, two conditions asked exactly the same, or there is too much.
    init(
        _ found: FrozenTranscripts, source: String, name: String, format: ImportFormat, subject: SubjectIdentity,
        criteria: Scenario, output: String
    ) throws {
        var order: [String] = []
        var groups: [String: [FrozenTranscript]] = [:]
        for transcript in found.transcripts {
            if groups[transcript.condition] == nil { order.append(transcript.condition) }
            groups[transcript.condition, default: []].append(transcript)
        }
        var scenarios: [Scenario] = []
        var places: [(condition: Int, tier: String, prompt: String, sample: Int)] = []
        var ordered: [FrozenTranscript] = []
        var samples = 1
        for (index, condition) in order.enumerated() {
            let group = groups[condition] ?? []
            let own = found.scenarios[condition].flatMap { try? Scenario.find($0) } ?? criteria
            let prompts = try Self.prompts(of: group)
            scenarios.append(
                Self.scenario(condition, group, prompts: prompts.list, criteria: own, number: index, of: order.count))
            var counts: [String: Int] = [:]
            for transcript in group {
                let id = prompts.names[ExactString(transcript.prompt)] ?? ""
                let place = "\(transcript.tier)\n\(id)"
                let sample = counts[place, default: 0]
                counts[place] = sample + 1
                samples = max(samples, sample + 1)
                places.append((index, transcript.tier, id, sample))
                ordered.append(transcript)
            }
        }
        var definition = StudyDefinition(
            name: name, subject: FrozenSubject.prefix + format.rawValue, scenarios: scenarios.map(\.name),
            variants: .init([.id(Variant.standard.id)]), modes: nil, tiers: nil, prompts: .all,
            samplesPerPrompt: samples, seed: 0, sampling: SamplingSettings(), judges: [.rules],
            measuresLogitGap: false, concurrency: 16, endpoint: EndpointSettings(), prices: nil, output: output,
            preregistration: Preregistration(), plan: StudyPlan.Assumptions())
        // What the files say of their answers is what whoever made them found; the rules stand beside it.
        let labelled = found.transcripts.flatMap(\.labels)
        let names = labelled.map(\.judge)
        definition.primaryJudge = names.contains(FrozenSubject.labelJudge) ? FrozenSubject.labelJudge : names.first
        if found.transcripts.contains(where: { $0.state == .errored }) {
            definition.preregistration.exclusions.append(.errored)
        }
        let study = try Study(definition: definition, scenarios: scenarios, path: source)
        try study.requireRoom { FileError(source, $0, remedy: "Import a part of it.") }
        cells = try study.cells(for: subject)
        answers = try Self.join(places, ordered, cells: cells, names: scenarios.map(\.name), digest: subject.digest)
        isToBeJudged = true
        remarks = found.remarks
        if found.repeatedCount > 0 { remarks.append(FrozenTranscripts.repeated(found.repeatedCount)) }
        registered = RunManifest(study: study, subject: subject, judge: nil, remarks: remarks.isEmpty ? nil : remarks)
        let faking = Set(
            labelled.lazy.filter { $0.judgement.fakesAlignment != nil || $0.judgement.reasoningLabel != nil }.map(
                \.judge))
        // A judge of whom nothing says that it looked at reasoning must not count as finding nothing there.
        judges = Set(names).subtracting(faking).sorted().map {
            (Self.judge($0, digest: subject.digest), AddedJudge(view: .plain, judgesFaking: false))
        }
    }

    private static func judge(_ name: String, digest: String) -> JudgeIdentity {
        JudgeIdentity(id: name, version: 1, digest: digest)
    }

    private static func join(
        _ places: [(condition: Int, tier: String, prompt: String, sample: Int)], _ transcripts: [FrozenTranscript],
        cells: [Cell], names: [String], digest: String
    ) throws -> [ImportedAnswer] {
        var byPlace: [String: Cell] = [:]
        var keys: [ContentKey: String] = [:]
        for cell in cells {
            byPlace["\(cell.scenario.name)\n\(cell.tier.id)\n\(cell.prompt.id)\n\(cell.sample)"] = cell
        }
        return try zip(places, transcripts).map { place, transcript in
            let name = "\(names[place.condition])\n\(place.tier)\n\(place.prompt)\n\(place.sample)"
            guard let cell = byPlace[name] else {
                throw FileError(transcript.place, "has no place in the study", remedy: ImportFormat.remedy)
            }
            if let other = keys.updateValue(transcript.place, forKey: cell.key) {
                throw FileError(
                    transcript.place, "asks exactly what \(other) asks under another name",
                    remedy: "Import the conditions into runs of their own, or into one folder if they are one.")
            }
            let parsed = cell.condition.parse(transcript.answer, finishReason: transcript.finishReason)
            let row = TranscriptRow(
                text: transcript.answer, finishReason: transcript.finishReason,
                state: transcript.state ?? parsed.state, promptTokenCount: transcript.promptTokenCount,
                generatedTokenCount: transcript.generatedTokenCount)
            let labels = row.state == .valid ? transcript.labels : []
            return ImportedAnswer(
                cell: cell, row: row,
                judgements: labels.map { (judge: judge($0.judge, digest: digest), judgement: $0.judgement) })
        }
    }

    // MARK: - Scenarios

    private static func prompts(
        of group: [FrozenTranscript]
    ) throws(FileError) -> (list: [Scenario.Prompt], names: [ExactString: String]) {
        var list: [Scenario.Prompt] = []
        var names: [ExactString: String] = [:]
        var taken: Set<String> = []
        for transcript in group where names[ExactString(transcript.prompt)] == nil {
            let id = transcript.promptID ?? "q\(list.count + 1)"
            guard taken.insert(id).inserted else {
                throw FileError(
                    transcript.place, "names its prompt “\(id)” like another of a different text",
                    remedy: ImportFormat.remedy)
            }
            names[ExactString(transcript.prompt)] = id
            list.append(Scenario.Prompt(id: id, text: transcript.prompt))
        }
        return (list, names)
    }

    private static func scenario(
        _ condition: String, _ group: [FrozenTranscript], prompts: [Scenario.Prompt], criteria: Scenario, number: Int,
        of count: Int
    ) -> Scenario {
        let systems = Set(group.map { ExactString(system($0)) })
        let reasons = group.contains {
            ParsedTranscript($0.answer, finishReason: .stop, rule: .required).scratchpad != nil
        }
        let mode = Scenario.Mode(
            id: modeID, label: "imported", scratchpad: reasons ? .required : .forbidden, responsePrefix: "", stop: [])
        let turns = group.map(turn)
        var scenario = Scenario(
            name: identifier(condition) + (count > 1 ? "-\(number + 1)" : ""), description: "",
            system: [
                Scenario.Part(
                    name: "system", text: Self.prompt(of: systems, condition: condition)
                )
            ],
            user: "{{tier}}{{prompt}}" + (turns.first?.after ?? ""), tiers: tiers(group, turns), modes: [mode],
            openings: Scenario.Openings(mode: modeID, compliant: [], refusing: []), criteria: criteria.criteria,
            prompts: prompts)
        let byID = Dictionary(scenario.tiers.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let different = group.count { transcript in
            guard let tier = byID[transcript.tier] else { return true }
            let prompt = Scenario.Prompt(id: "", text: transcript.prompt)
            return scenario.messages(asking: prompt, tier: tier, mode: mode) != transcript.messages
        }
        scenario.description =
            "Imported transcripts of “\(condition)”, judged by the criteria of \(criteria.name)."
            + (different == 0
                ? ""
                : " The requests shown are reconstructed: \(different) of \(group.count) are not word for word in the files.")
        return scenario
    }

    /// The system prompt that all files share, or what stands for one: it is shown and never asked.
    private static func prompt(of systems: Set<ExactString>, condition: String) -> String {
        guard systems.count == 1, let text = systems.first?.text else { return "(not the same in all files)" }
        // The name tells conditions apart that the files do not.
        return text.isEmpty ? "(the system prompt of \(condition) is not in the files)" : text
    }

    private static func system(_ transcript: FrozenTranscript) -> String {
        transcript.messages.filter { $0.role == .system }.map(\.text).joined(separator: "\n\n")
    }

    /// What stands around the prompt in the last user's turn.
    private static func turn(_ transcript: FrozenTranscript) -> (before: String, after: String) {
        guard let text = transcript.messages.last(where: { $0.role == .user })?.text,
            let range = text.places(of: transcript.prompt).first
        else { return ("", "") }
        return (String(text[..<range.lowerBound]), String(text[range.upperBound...]))
    }

    /// Tiers that are trained on first. Where the files do not show how tiers are told apart, their names do: cells of two tiers
    /// must not ask the same.
    private static func tiers(
        _ group: [FrozenTranscript], _ turns: [(before: String, after: String)]
    ) -> [Scenario.Tier] {
        var tiers: [Scenario.Tier] = []
        var seen: Set<String> = []
        for (transcript, turn) in zip(group, turns) where seen.insert(transcript.tier).inserted {
            tiers.append(
                Scenario.Tier(
                    id: transcript.tier, label: transcript.tier, indicator: turn.before, isTrained: transcript.isTrained
                ))
        }
        let indicators = Set(tiers.map { ExactString($0.indicator) })
        if indicators.count < tiers.count {
            for index in tiers.indices { tiers[index].indicator = "(\(tiers[index].id)) " + tiers[index].indicator }
        }
        return tiers.filter(\.isTrained) + tiers.filter { !$0.isTrained }
    }

    /// A name as study files have them.
    private static func identifier(_ text: String) -> String {
        let name = text.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
        return String(String(name).prefix(60).drop { $0 == "-" })
    }
}
