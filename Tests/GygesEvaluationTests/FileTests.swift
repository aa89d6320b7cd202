import GygesFiles
import GygesStatistics
import GygesTestSupport
import Testing

@testable import GygesEvaluation

/// Files from outside: questions and earlier results.
@Suite struct FileTests {
    @Test("Questions are read, those without an answer are left out")
    func readsQuestions() throws {
        let samples = try Questions.samples(in: try TemporaryFolder())
        let squad = try #require(samples.squad)
        #expect(squad.documents.count == 12 && squad.questions.count == 12)
        #expect(squad.questions[5].text == "Who is the mayor of town11?")
        #expect(squad.questions[5].answers == ["mayor11", "Mayor 1-1"])
        #expect(squad.questions[5].documents == [5] && squad.questions[5].related == [4, 6, 7])
        let hotpot = try #require(samples.hotpotQA)
        #expect(hotpot.documents.count == 15 && hotpot.questions.count == 5)
        #expect(hotpot.documents[3].hasPrefix("River 10\nIt flows to sea1. Nothing"))
        #expect(hotpot.questions[1].documents == [3, 4, 5])
    }

    @Test(
        "Damaged files of questions are refused, naming the place",
        arguments: [
            ("", ""), ("{", ""), ("[]", "data"), (#"{"data": 3}"#, "data"), (#"{"data": [{}]}"#, "data[0].paragraphs"),
            (#"{"data": [{"paragraphs": [{"qas": []}]}]}"#, "paragraphs[0].context"),
            (#"{"data": [{"paragraphs": [{"context": "c"}]}]}"#, "paragraphs[0].qas"),
            (#"{"data": [{"paragraphs": [{"context": "c", "qas": [{"question": 1}]}]}]}"#, "qas[0].question"),
            (#"{"data": [{"paragraphs": [{"context": "c", "qas": [{"question": "q", "answers": []}]}]}]}"#, "answers"),
            (#"{"data": [{"paragraphs": [{"context": "c", "qas": []}]}]}"#, "question"), (#"{"data": []}"#, "question"),
        ])
    func refusesDamagedSquad(text: String, place: String) throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(text, to: "squad.json")
        #expect { try QuestionSet(squad: file) } throws: {
            ($0 as? FileError)?.path.hasPrefix(file) ?? false && "\($0)".contains(place)
        }
    }

    @Test(
        "Damaged files of HotpotQA are refused, naming the place",
        arguments: [
            ("{}", "list"), ("[]", "question"), ("[{}]", "[0].context"),
            (#"[{"context": [["t"]], "question": "q", "answer": "a"}]"#, "sentences"),
            (#"[{"context": [[["t"], []]], "question": "q", "answer": "a"}]"#, "title"),
            (#"[{"context": [["t", [1]]], "question": "q", "answer": "a"}]"#, "sentence"),
            (#"[{"context": [], "answer": "a"}]"#, "question"), (#"[{"context": [], "question": "q"}]"#, "answer"),
        ])
    func refusesDamagedHotpotQA(text: String, place: String) throws {
        let file = try TemporaryFolder().write(text, to: "hotpot.json")
        #expect(throws: FileError.self) { try QuestionSet(hotpotQA: file) }
        let folder = try TemporaryFolder()
        let kept = try folder.write(text, to: "hotpot.json")
        #expect { try QuestionSet(hotpotQA: kept) } throws: { "\($0)".contains(place) }
    }

    static let result = EvaluationResult(
        label: "yarn", model: "m", seed: 7,
        measures: [
            .init(
                .passkey,
                points: [
                    .init(length: 4096, count: 8, value: 0.5, interval: Interval(lower: 0.2, upper: 0.8, level: 0.95))
                ], parts: [.init(length: 4096, part: "depth 0.5", count: 8, value: 0.5, interval: nil)])
        ], omissions: ["o"],
        promptTokens: 9, reusedTokens: 3, seconds: 1.5)

    @Test("A printed result is read back as it was")
    func readsResults() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(try Self.result.json(), to: "a.json")
        #expect(try EvaluationResult(path: file) == Self.result)
    }

    @Test("Files that are no results are refused")
    func refusesResults() throws {
        let folder = try TemporaryFolder()
        let sound = try Self.result.json()
        let damaged = [
            "", "[]", "{}", sound.replacing("passkey", with: "tea"), sound.replacing("4096", with: "-1"),
            sound.replacing("\"points\"", with: "\"pints\""), String(sound.dropLast()),
            sound.replacing("0.5", with: "1e400"), String(repeating: "[", count: 100_000),
        ]
        for text in damaged {
            let file = try folder.write(text, to: "a.json")
            #expect(throws: FileError.self, "\(text.prefix(80))") { try EvaluationResult(path: file) }
        }
        #expect(throws: FileError.self) { try EvaluationResult(path: folder.path + "/none.json") }
    }

    @Test("The edge is found in few trials, whatever a unit costs")
    func fitsLengths() {
        for (slope, noise) in [(1.0, 0.0), (24.0, 0.0), (0.3, 0.0), (6.3, 4.0)] {
            let count = { (units: Int) -> Int in 57 + Int(slope * Double(units) + noise * Double(units % 3)) }
            for target in [60, 100, 4096, 131_072] {
                for guess in [nil, 1, 5000] as [Int?] {
                    var trials = 0
                    let fit = LengthFit.largestCount(atMost: target, in: 1...1_000_000, guess: guess) {
                        trials += 1
                        return count($0)
                    }
                    #expect(trials <= LengthFit.trialLimit)
                    guard count(1) <= target else {
                        #expect(fit.units == nil && fit.smallest == count(1))
                        continue
                    }
                    let units = fit.units ?? 0
                    #expect(count(units) <= target)
                    #expect(count(units + 1) > target || noise > 0, "\(slope) \(target) \(String(describing: guess))")
                    #expect(count(units + 6) > target)
                }
            }
        }
    }
}
