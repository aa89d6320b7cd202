import GygesFiles
import GygesTestSupport
import GygesTokenizer
import Foundation
import GygesKernels
import Testing

@testable import GygesInference

/// What encoders' outputs mean, compared with transformers' pipelines on tiny random models; see
/// `scripts/fixtures/make_encoder_tasks.py`.
@Suite struct EncoderTasksTests {
    /// The model of a task with the tokenizer that all share.
    static func model(_ task: String) throws -> TextEncoder {
        let source = try #require(Bundle.module.path(forResource: "Fixtures/encoder-tasks", ofType: nil))
        let folder = try TemporaryFolder(copying: source + "/" + task)
        try FileManager.default.copyItem(atPath: source + "/tokenizer.json", toPath: folder.path + "/tokenizer.json")
        return try TextEncoder(path: folder.path, options: .init(precision: .exact, threadCount: 2))
    }

    static func expected(_ key: String) throws -> [JSON] {
        let path = try #require(Bundle.module.path(forResource: "Fixtures/encoder-tasks/expected.json", ofType: nil))
        return try #require(JSON.read(path: path)[key]?.array)
    }

    /// Half-precision weights and other orders of sums in f32; probabilities lie between 0 and 1.
    static let tolerance = 2e-5

    private func close(_ value: Float, _ json: JSON?) -> Bool {
        abs(Double(value) - (json?.double ?? .nan)) < Self.tolerance
    }

    @Test func fillsMasks() throws {
        let model = try Self.model("fill")
        for test in try Self.expected("fill") {
            let text = try #require(test["text"]?.string)
            let masks = try #require(test["masks"]?.array)
            let filled = try model.fill([text], count: 4)[0]
            #expect(filled.count == masks.count)
            #expect(try model.maskPlaces(in: text).count == masks.count)
            for (place, candidates) in zip(filled, masks) {
                let candidates = try #require(candidates.array)
                #expect(place.candidates.map { Int($0.token) } == candidates.compactMap { $0["token"]?.integer })
                for (candidate, wanted) in zip(place.candidates, candidates) {
                    #expect(close(candidate.probability, wanted["score"]))
                }
            }
        }
        let places = try model.maskPlaces(in: "é [MASK] and[MASK]")
        #expect(places.map(\.scalars) == [1..<8, 12..<18] && places.map(\.bytes) == [2..<9, 13..<19])
    }

    @Test(arguments: ["topics", "marks", "grade"])
    func classifies(task: String) throws {
        let model = try Self.model(task)
        for test in try Self.expected(task) {
            let text = try #require(test["text"]?.string)
            let scores = model.probabilities(of: try model.classScores(of: [text])[0])
            for wanted in try #require(test["labels"]?.array) {
                let index = try #require(model.labels.firstIndex(of: wanted["label"]?.string ?? ""))
                #expect(close(scores[index], wanted["score"]), "\(text): \(scores), not \(wanted)")
            }
        }
    }

    @Test func tags() throws {
        let model = try Self.model("names")
        for test in try Self.expected("names") {
            let strategy = try #require(test["strategy"]?.string.flatMap(TagAggregation.init(rawValue:)))
            let reader = TagReader(labels: model.labels, aggregation: strategy, trimsWhiteSpace: false)
            let text: TextInput
            if let words = test["words"]?.array {
                text = .words(words.compactMap(\.string))
            } else {
                text = .text(try #require(test["text"]?.string))
            }
            try expect(try model.tags(of: [text], reader: reader)[0], test["spans"], "\(strategy) of \(text)")
        }
    }

    @Test func tagsLongTextsInWindows() throws {
        let model = try Self.model("names")
        let reader = TagReader(labels: model.labels, trimsWhiteSpace: false)
        for test in try Self.expected("windows") {
            let text = try #require(test["text"]?.string)
            let windows = WindowOptions(maximumTokenCount: 24, overlap: 8)
            try expect(model.tags(of: [.text(text)], reader: reader, windows: windows)[0], test["spans"], text)
        }
    }

    private func expect(_ spans: [TaggedSpan], _ json: JSON?, _ what: String) throws {
        let wanted = try #require(json?.array)
        #expect(spans.count == wanted.count, "\(what)")
        for (span, wanted) in zip(spans, wanted) {
            #expect(span.label == (wanted["entity"] ?? wanted["entity_group"])?.string, "\(what)")
            #expect(span.scalars.lowerBound == wanted["start"]?.integer, "\(what)")
            #expect(span.scalars.upperBound == wanted["end"]?.integer, "\(what)")
            #expect(close(span.score, wanted["score"]), "\(what): \(span), not \(wanted)")
        }
    }

    @Test func findsAnswers() throws {
        let model = try Self.model("answers")
        let reader = AnswerReader(count: 5, allowsNone: true)
        for test in try Self.expected("answers") {
            let (question, text) = (try #require(test["question"]?.string), try #require(test["text"]?.string))
            let found = try model.answers(
                to: [(question, text)], reader: reader, windows: .init(maximumTokenCount: 48, overlap: 12))[0]
            let wanted = try #require(test["answers"]?.array)
            #expect(found.count == wanted.count)
            for (answer, wanted) in zip(found, wanted) {
                #expect(answer.scalars.lowerBound == wanted["start"]?.integer, "\(found)")
                #expect(answer.scalars.upperBound == wanted["end"]?.integer, "\(found)")
                #expect(close(answer.score, wanted["score"]))
                let part = Array(text.utf8)[answer.bytes]
                #expect(String(decoding: part, as: UTF8.self) == answer.text && answer.isNone == answer.text.isEmpty)
            }
        }
    }

    @Test func classifiesByEntailment() throws {
        let source = try #require(Bundle.module.path(forResource: "Fixtures/encoder-tasks", ofType: nil))
        let folder = try TemporaryFolder(copying: source + "/topics")
        try FileManager.default.copyItem(atPath: source + "/tokenizer.json", toPath: folder.path + "/tokenizer.json")
        #expect(try TextEncoder(path: folder.path).entailmentLabel == nil)
        let path = folder.path + "/config.json"
        var object = try #require(try JSON.read(path: path).object)
        object["id2label"] = ["0": "ENTAILMENT", "1": "neutral", "2": "contradiction"]
        try Data(JSON.object(object).serialized().utf8).write(to: URL(fileURLWithPath: path))
        let model = try TextEncoder(path: folder.path, options: .init(precision: .exact, threadCount: 2))
        #expect(model.entailmentLabel == 0)
        for test in try Self.expected("entailment") {
            let (text, labels) = (try #require(test["text"]?.string), try #require(test["labels"]?.array))
            let hypothesis = try #require(test["hypothesis"]?.string.flatMap { LabelHypothesis($0) })
            let found = try model.classify(
                [text], labels: labels.compactMap(\.string), hypothesis: hypothesis,
                severalFit: test["several"]?.bool ?? false)[0]
            #expect(found.map(\.label) == labels.compactMap(\.string), "\(text)")
            for (score, wanted) in zip(found, test["scores"]?.array ?? []) {
                #expect(close(score.probability, wanted), "\(text): \(found)")
            }
        }
        #expect(
            LabelHypothesis("{text} is {label}") == nil
                && LabelHypothesis("It is {}") == LabelHypothesis("It is {label}"))
    }

    @Test func classifiesWithoutTraining() throws {
        let model = try Self.model("fill")
        for test in try Self.expected("zero-shot") {
            let text = try #require(test["text"]?.string)
            let labels = try #require(test["labels"]?.object)
            let scores = try model.classify([text], labels: labels.keys)[0]
            for score in scores {
                let wanted = try #require(labels[score.label]?.double)
                #expect(abs(Double(score.logProbability) - wanted) < 1e-4, "\(text): \(score), not \(wanted)")
            }
            #expect(scores.map(\.logProbability) == scores.map(\.logProbability).sorted(by: >))
            #expect(abs(scores.reduce(0) { $0 + $1.probability } - 1) < 1e-5)
        }
        // Masks in the text are text, and a text that is too long loses its end.
        let long = String(repeating: "[MASK] the king ", count: 200)
        let scores = try model.classify([long], labels: ["the", "of rings"])[0]
        #expect(scores.allSatisfy { $0.logProbability.isFinite && $0.logProbability < 0 })
        #expect(throws: EncoderError.self) {
            try model.classify([long], labels: ["the"], options: TextOptions(truncation: .refuse))
        }
    }

    @Test func readsTemplates() {
        #expect(LabelTemplate("{text} It was [MASK].") == LabelTemplate("{text} It was {label}."))
        #expect(LabelTemplate("[MASK]: {text}")?.textIsFirst == false)
        #expect(LabelTemplate("[MASK]: {text}")?.hasSpaceBeforeLabel == false)
        for wrong in ["", "{text}", "[MASK]", "{text} [MASK] {label}", "{text} {text} [MASK]"] {
            #expect(LabelTemplate(wrong) == nil)
        }
    }

    @Test func leavesWhiteSpaceOutOfSpans() {
        var tokens = EncodedText()
        tokens.ids = [1, 2]
        tokens.origins = [
            TokenOrigin(text: 0, word: 0, scalars: 0..<1, bytes: 0..<1),
            TokenOrigin(text: 0, word: 1, scalars: 1..<5, bytes: 1..<6),
        ]
        let scores = RowMatrix(columnCount: 2, elements: [5, 0, 0, 5])
        let spans = TagReader(labels: ["O", "B-X"]).spans(of: [(tokens, scores)], in: "a née")
        #expect(spans.map(\.label) == ["X"] && spans.map(\.scalars) == [2..<5] && spans.map(\.bytes) == [2..<6])
    }
}
