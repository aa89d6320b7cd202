import ArgumentParser
import Foundation
import GygesCheckpoints
import GygesFiles
import GygesInference

/// `gyges classify`
struct Classify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says which labels fit texts, with a trained classifier or without.",
        discussion: """
            Examples:
              gyges classify ./sentiment "What a film!"
              gyges classify ./topics --input texts.jsonl --top-k 3 --json
              gyges classify ./topics --input texts.txt -o labels.jsonl --resume
              gyges classify ./modernbert --labels sports,politics "A late goal."
              gyges classify ./modernbert --label "Paris, Texas" --label Rome "A city."
              gyges classify ./modernbert --labels good,bad \\
                --template "{text} All in all it was [MASK]." "What a film!"

            Without labels the model must be a classifier; its configuration says
            whether one label is right, any number, or the scores are values. With
            labels a masked language model compares how likely each stands in the
            template's place for it; words of one token compare most fairly. With a
            classifier of inference, labels compare whether the text entails that
            each fits.
            Lines of JSON may have a "second" text for classifiers of pairs. Every
            line has its answer, an empty one too.
            """)

    @OptionGroup(title: "Model")
    var encoder: EncoderOptions

    @OptionGroup(title: "Input")
    var input: TextInputOptions

    @OptionGroup(title: "Output")
    var rows: RowOutputOptions

    @Option(help: ArgumentHelp("Labels to choose from, with commas between.", valueName: "labels"))
    var labels: String?

    @Option(help: ArgumentHelp("A label to choose from, commas and all; may be repeated.", valueName: "label"))
    var label: [String] = []

    @Option(
        help: ArgumentHelp(
            "A sentence with {text}, and [MASK] or {label}; by default '{text} This text is about [MASK].'; for classifiers of inference one with {label} alone, by default 'This example is {label}.'",
            valueName: "sentence"))
    var template: String?

    @Option(help: ArgumentHelp("Print at most so many labels of a text; all by default.", valueName: "count"))
    var topK: Int?

    @Flag(help: "Print a line of JSON for each text; a file has no other form.")
    var json = false

    private var labelList: [String]? {
        let list = labels?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        return list.map { $0 + label } ?? (label.isEmpty ? nil : label)
    }

    func validate() throws {
        if let topK, topK < 1 { throw ValidationError("--top-k must be at least 1.") }
        if let labelList, labelList.isEmpty || labelList.contains("") {
            throw ValidationError("--labels and --label need at least one label, and none that is empty.")
        }
        guard let template else { return }
        guard labelList != nil else { throw ValidationError("--template goes with --labels or --label.") }
        guard LabelTemplate(template) != nil || LabelHypothesis(template) != nil else {
            throw ValidationError("--template needs {text} once, and [MASK] or {label} once; or {label} alone.")
        }
    }

    /// One text, or two that a classifier of pairs reads together.
    private struct Question {
        var text: String
        var second: String?
    }

    func run() throws {
        let model = try encoder.load(isShown: !rows.quiet)
        let isJSON = json || rows.output != nil
        // The first record decides whether this is a file of pairs: a text without its other half is a mistake.
        var arePairs: Bool?
        let answered = TextRows<Question, [Score]>(
            isJSON: isJSON,
            question: { record in
                let question = Question(text: try record.string(), second: record.fields?["second"]?.string)
                let isPair = question.second != nil
                guard !isPair || labelList == nil else {
                    throw FileError(
                        record.place, "has a \"second\" text, which --labels have none of",
                        remedy: "Leave it out, or use a classifier of pairs.")
                }
                guard arePairs ?? isPair == isPair else {
                    throw FileError(
                        record.place, "has \(isPair ? "a" : "no") \"second\" text, unlike the first",
                        remedy: "Put texts and pairs into different files.")
                }
                arePairs = isPair
                return question
            },
            replies: { try scores($0, model) },
            written: { record, question, scores in show(record, question.text, scores, isJSON) })
        try input.answer(answered, output: rows) {
            try model.identity(
                of: "classify", fields: input.fieldNames,
                [
                    "labels": labelList.map { .array($0.map(JSON.string)) } ?? .null,
                    "template": template.map(JSON.string) ?? .null, "top-k": topK.map(JSON.integer) ?? .null,
                ])
        }
    }

    /// A label, what is printed as its score, and whether that is a probability.
    private typealias Score = (label: String, score: Float, isProbability: Bool)

    private func scores(_ questions: [Question], _ model: TextEncoder) throws -> [[Score]] {
        let texts = questions.map(\.text)
        if let labelList, model.entailmentLabel != nil {
            guard let hypothesis = template.map({ LabelHypothesis($0) }) ?? .standard else {
                throw ValidationError("--template needs {label} alone, because the model is a classifier of inference.")
            }
            return try model.classify(texts, labels: labelList, hypothesis: hypothesis).map { scores in
                scores.map { ($0.label, $0.probability, true) }
            }
        }
        if let labelList {
            guard let template = template.map({ LabelTemplate($0) }) ?? .standard else {
                throw ValidationError("--template needs {text} once, and [MASK] or {label} once.")
            }
            return try model.classify(texts, labels: labelList, template: template).map { scores in
                scores.map { ($0.label, $0.probability, true) }
            }
        }
        let isProbability = model.problem != .regression
        let seconds = questions.compactMap(\.second)
        let scores =
            try seconds.isEmpty
            ? model.classScores(of: texts) : model.classScores(ofPairs: Array(zip(texts, seconds)))
        return scores.map { scores in
            let named = zip(model.labels, model.probabilities(of: scores)).map { ($0, $1, isProbability) }
            // Values of a regression mean what they mean in their own order.
            guard isProbability else { return named }
            return named.enumerated().sorted { ($1.element.1, $0.offset) < ($0.element.1, $1.offset) }.map(\.element)
        }
    }

    private func show(_ record: TextRecord, _ text: String, _ scores: [Score], _ isJSON: Bool) -> String {
        let scores = scores.prefix(topK ?? scores.count)
        guard isJSON else {
            var table = Table([("", .right), ("LABEL", .left)])
            for score in scores {
                table.append([
                    score.isProbability ? percent(score.score) : String(format: "%.4f", score.score), score.label,
                ])
            }
            return "\(text)\n\(table.text)\n\n"
        }
        let labels = scores.map { score -> JSON in
            ["label": .string(score.label), "score": .double(Double(score.score))]
        }
        return rowLine(record.identity(text) + [("labels", .array(Array(labels)))])
    }
}
