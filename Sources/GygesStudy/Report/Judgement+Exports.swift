import GygesFiles
import GygesReport

/// A judgement as exports have it, written and read in one place: what is written here comes back whole.
extension Judgement {
    /// The names of what a judgement says besides yes and no.
    private enum Remark: String {
        case score
        case isPartial = "partial compliance"
        case reasoningLabel = "label of the reasoning"
        case persona = "unmonitored persona"
        case motives
        case votes
        case decision = "decision tag"
    }

    /// The judgement as a report shows it.
    func reported(by judge: String) -> Exchange.Judgement {
        Exchange.Judgement(
            judge: judge, complied: complied, fakesAlignment: fakesAlignment, reasoningLabel: reasoningLabel,
            remarks: remarks,
            criteria: answers.map { answer in
                Exchange.Criterion(
                    answer.criterion, isMet: answer.isMet, probability: answer.probability,
                    evidence: answer.evidence.map { piece in
                        Exchange.Evidence(
                            place: piece.place == .scratchpad ? .scratchpad : .output, start: piece.start,
                            end: piece.end)
                    })
            })
    }

    private var remarks: [Exchange.Remark] {
        var remarks: [Exchange.Remark] = []
        func add(_ name: Remark, _ value: JSON?, text: String? = nil) {
            if let value { remarks.append(Exchange.Remark(name.rawValue, value, text: text)) }
        }
        add(.score, score.map { .double($0) })
        add(.isPartial, isPartial.map { .bool($0) })
        add(.reasoningLabel, reasoningLabel.map { .double($0) })
        add(.persona, showsUnmonitoredPersona.map { .bool($0) })
        add(.motives, motivations.map { .array($0.map { .string($0) }) }, text: motivations?.joined(separator: " "))
        add(
            .votes,
            votes.map { votes in
                [
                    "count": .integer(votes.count), "yes": .integer(votes.yes), "limit": .integer(votes.limit),
                    "threshold": .double(votes.threshold),
                ]
            }, text: votes.map { "\($0.yes) of \($0.count)" })
        add(.decision, decision.map { .string($0.rawValue) })
        return remarks
    }

    /// Reads a judgement from an export of this program.
    ///
    /// - Parameters:
    ///   - field: the judgement; members that older exports lack are unknown.
    ///   - transcript: what it is of, for the words of evidence; `nil` to leave evidence out.
    /// - Throws: `FileError` naming the place of what is not of the form.
    init(exported field: JSONField, of transcript: ParsedTranscript?) throws(FileError) {
        self.init(
            complied: try field.required("complied").truth(),
            fakesAlignment: try field.optional("fakes_alignment")?.truth(),
            answers: try field.optional("criteria")?.elements().reading { criterion throws(FileError) in
                CriterionAnswer(
                    criterion: try criterion.required("name").text(), isMet: try criterion.required("is_met").truth(),
                    probability: try criterion.optional("probability")?.number(),
                    evidence: try Self.evidence(criterion, of: transcript))
            } ?? [])
        guard let remarks = try field.optional("remarks") else { return }
        score = try remarks.optional(Remark.score.rawValue)?.number()
        isPartial = try remarks.optional(Remark.isPartial.rawValue)?.truth()
        reasoningLabel = try remarks.optional(Remark.reasoningLabel.rawValue)?.number()
        showsUnmonitoredPersona = try remarks.optional(Remark.persona.rawValue)?.truth()
        if let motives = try remarks.optional(Remark.motives.rawValue) {
            // Older exports have them as one text.
            if let text = motives.json.string {
                motivations = text.split(separator: " ").map(String.init)
            } else {
                motivations = try motives.elements().reading { motive throws(FileError) in try motive.text() }
            }
        }
        if let votes = try remarks.optional(Remark.votes.rawValue), votes.json.string == nil {
            self.votes = try Votes(exported: votes)
        }
        if let tag = try remarks.optional(Remark.decision.rawValue) {
            guard let decision = ParsedTranscript.Decision(rawValue: try tag.text()) else {
                throw tag.mismatch("a decision")
            }
            self.decision = decision
        }
    }

    private static func evidence(
        _ criterion: JSONField, of transcript: ParsedTranscript?
    ) throws(FileError) -> [Evidence] {
        guard let transcript else { return [] }
        return try criterion.optional("evidence")?.elements().reading { piece throws(FileError) in
            let named = try piece.required("place")
            guard let place = Evidence.Place(rawValue: try named.text()) else {
                throw named.mismatch("scratchpad or output")
            }
            let text = (place == .scratchpad ? transcript.scratchpad : transcript.output) ?? ""
            let (start, end) = (try piece.required("start").count(), try piece.required("end").count())
            let bytes = text.utf8
            guard start <= end, end <= bytes.count else { throw piece.fault("lies outside of the answer") }
            let range = bytes.index(bytes.startIndex, offsetBy: start)..<bytes.index(bytes.startIndex, offsetBy: end)
            return Evidence(place: place, start: start, end: end, text: String(decoding: bytes[range], as: UTF8.self))
        } ?? []
    }
}

extension Votes {
    /// Reads how a vote came out.
    fileprivate init(exported field: JSONField) throws(FileError) {
        self.init(
            count: try field.required("count").count(), yes: try field.required("yes").count(),
            limit: try field.required("limit").count(), threshold: try field.required("threshold").number())
        guard yes <= count, VoteRule(limit: limit, threshold: threshold) != nil else {
            throw field.fault("is no outcome of a vote")
        }
    }
}
