import GygesCheckpoints
import ArgumentParser
import Foundation
import GygesFiles
import GygesInference

/// `gyges classify`
struct Classify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says which labels fit texts, with a trained classifier or without.",
        discussion: """
            Examples:
              gyges classify ./sentiment "What a film!"
              gyges classify ./topics --file texts.jsonl --top-k 3 --json
              gyges classify ./modernbert --labels sports,politics "A late goal."
              gyges classify ./modernbert --labels good,bad \\
                --template "{text} All in all it was [MASK]." "What a film!"

            Without --labels the model must be a classifier; its configuration says
            whether one label is right, any number, or the scores are values. With
            --labels a masked language model compares how likely each stands in the
            template's place for it; words of one token compare most fairly. With a
            classifier of inference, --labels compares whether the text entails that
            each fits.
            Lines of JSON may have a "second" text for classifiers of pairs.
            """)

    @OptionGroup(title: "Model")
    var encoder: EncoderOptions

    @OptionGroup(title: "Input")
    var input: TextInputOptions

    @Option(help: ArgumentHelp("Labels to choose from, with commas between.", valueName: "labels"))
    var labels: String?

    @Option(
        help: ArgumentHelp(
            "A sentence with {text}, and [MASK] or {label}; by default '{text} This text is about [MASK].'; for classifiers of inference one with {label} alone, by default 'This example is {label}.'",
            valueName: "sentence"))
    var template: String?

    @Option(help: ArgumentHelp("Print at most so many labels of a text; all by default.", valueName: "count"))
    var topK: Int?

    @Flag(help: "Print a line of JSON for each text.")
    var json = false

    private var labelList: [String]? {
        labels?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    func validate() throws {
        if let topK, topK < 1 { throw ValidationError("--top-k must be at least 1.") }
        if labels != nil, labelList?.isEmpty ?? true { throw ValidationError("--labels needs at least one label.") }
        guard let template else { return }
        guard labels != nil else { throw ValidationError("--template goes with --labels.") }
        guard LabelTemplate(template) != nil || LabelHypothesis(template) != nil else {
            throw ValidationError("--template needs {text} once, and [MASK] or {label} once; or {label} alone.")
        }
    }

    func run() throws {
        let model = try encoder.load()
        try input.forEachBatch { records in
            let texts = try records.map { record throws(FileError) in try record.string() }
            let seconds = records.compactMap { $0.fields?["second"]?.string }
            guard seconds.isEmpty || seconds.count == records.count && labels == nil else {
                throw FileError(
                    records[0].place, "or a line after it has a \"second\" text where others, or --labels, have none",
                    remedy: "Put texts and pairs into different files.")
            }
            let scores = try scores(texts, seconds.isEmpty ? nil : seconds, model)
            for (index, scores) in scores.enumerated() { try show(records[index], texts[index], scores) }
        }
    }

    /// A label, what is printed as its score, and whether that is a probability.
    private typealias Score = (label: String, score: Float, isProbability: Bool)

    private func scores(_ texts: [String], _ seconds: [String]?, _ model: TextEncoder) throws -> [[Score]] {
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
        let scores =
            try seconds.map { try model.classScores(ofPairs: Array(zip(texts, $0))) } ?? model.classScores(of: texts)
        return scores.map { scores in
            let named = zip(model.labels, model.probabilities(of: scores)).map { ($0, $1, isProbability) }
            // Values of a regression mean what they mean in their own order.
            guard isProbability else { return named }
            return named.enumerated().sorted { ($1.element.1, $0.offset) < ($0.element.1, $1.offset) }.map(\.element)
        }
    }

    private func show(_ record: TextRecord, _ text: String, _ scores: [Score]) throws {
        let scores = scores.prefix(topK ?? scores.count)
        guard json else {
            print(text)
            var table = Table([("", .right), ("LABEL", .left)])
            for score in scores {
                table.append([
                    score.isProbability ? percent(score.score) : String(format: "%.4f", score.score), score.label,
                ])
            }
            return print(table.text + "\n")
        }
        let labels = scores.map { score -> JSON in
            ["label": .string(score.label), "score": .double(Double(score.score))]
        }
        try printLine(record.identity(text) + [("labels", .array(Array(labels)))])
    }
}
