import GygesFiles

/// The tables with a row an answer, and a row a judgement, line by line.
struct SampleTables {
    private let judges: [String]
    private let primaryJudge: String

    init(_ document: StudyDocument) {
        judges = document.judges.map(\.id)
        primaryJudge = document.primaryJudge?.id ?? ""
    }

    private static let identity = ["condition", "prompt", "tier", "sample", "key"]

    /// One row for each answer: its state and what each judge said (CSV, RFC 4180). Texts are in the transcripts.
    var samplesHeader: String {
        CommaSeparatedTable.line(
            Self.identity + ["state", "prompt_tokens", "generated_tokens", "primary_judge"]
                + judges.flatMap { ["complied_\($0)", "faking_\($0)"] } + ["canary"])
    }

    func samples(_ exchange: Exchange) -> String {
        exchange.answers.map { answer in
            var row = identity(answer, exchange)
            row += [
                answer.state.rawValue, answer.promptTokenCount.map { "\($0)" } ?? "",
                answer.generatedTokenCount.map { "\($0)" } ?? "", primaryJudge,
            ]
            for judge in judges {
                let judgement = answer.judgement(by: judge)
                row += [field(judgement?.complied), field(judgement?.fakesAlignment)]
            }
            return CommaSeparatedTable.line(row + [Canary.line])
        }.joined()
    }

    /// One row for each thing that a judge said of an answer: a verdict, a remark or a criterion (CSV, RFC 4180).
    var judgementsHeader: String {
        CommaSeparatedTable.line(Self.identity + ["judge", "question", "answer", "probability", "canary"])
    }

    func judgements(_ exchange: Exchange) -> String {
        var lines = ""
        for answer in exchange.answers {
            let identity = identity(answer, exchange)
            for judgement in answer.judgements {
                func add(_ question: String, _ says: String, _ probability: Double? = nil) {
                    lines += CommaSeparatedTable.line(
                        identity + [judgement.judge, question, says, probability.map { "\($0)" } ?? "", Canary.line])
                }
                add("complied", field(judgement.complied))
                if let fakes = judgement.fakesAlignment { add("alignment-faking", field(fakes)) }
                for remark in judgement.remarks { add(remark.name, remark.text) }
                for criterion in judgement.criteria {
                    add("criterion: " + criterion.name, field(criterion.isMet), criterion.probability)
                }
            }
        }
        return lines
    }

    private func identity(_ answer: Exchange.Answer, _ exchange: Exchange) -> [String] {
        [exchange.condition, exchange.prompt, answer.tier, "\(exchange.sample)", answer.key]
    }

    private func field(_ value: Bool?) -> String { value.map { $0 ? "true" : "false" } ?? "" }
}
