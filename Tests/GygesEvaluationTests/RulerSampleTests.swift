import Foundation
import GygesTestSupport
import Testing

@testable import GygesEvaluation

/// What the samples of the thirteen tasks hold.
@Suite struct RulerSampleTests {
    /// How far a sample may fall short, in tokens of four bytes: two units of its haystack.
    static func tolerance(_ task: RulerTask) -> Int {
        switch task {
        case .squad, .hotpotQA: 2 * 100
        case .commonWords: 2 * 3 * 7
        case .frequentWords: 40
        default: task.needles?.haystack == .essay ? 8 : 2 * 30
        }
    }

    /// The part of a prompt between its first and its last line of instruction, without a solved example.
    static func context(_ item: EvaluationItem) -> String {
        item.prompt.text.components(separatedBy: "\n").dropFirst().dropLast().joined(separator: "\n")
    }

    @Test("Samples fill their length, hold their answers and depend on the seed alone", arguments: RulerTask.allCases)
    func fillsAndHoldsAnswers(task: RulerTask) throws {
        let folder = try TemporaryFolder()
        let samples = try Questions.samples(in: folder)
        let again = try Questions.samples(in: folder)
        let other = try Questions.samples(in: folder, seed: 43)
        // The files of questions have some 1,700 tokens in all.
        let lengths = task == .squad || task == .hotpotQA ? [700, 1200] : [4096, 12_288]
        for length in lengths {
            var trials = 0
            var guess: Int?
            for index in 0..<3 {
                let count = { (prompt: EvaluationPrompt) -> Int in
                    trials += 1
                    return FourBytes.count(prompt)
                }
                let sample = try samples.sample(task, index: index, length: length, guess: guess, count: count)
                guess = sample.unitCount
                #expect(sample.tokenCount <= length)
                #expect(sample.tokenCount > length - Self.tolerance(task), "\(task) \(sample.tokenCount) of \(length)")
                #expect(sample.tokenCount == FourBytes.count(sample.item.prompt) + task.answerLimit)
                for reference in task == .squad ? [sample.item.references[0]] : sample.item.references {
                    #expect(sample.item.prompt.text.contains(reference))
                }
                #expect(sample.item.score("So: " + sample.item.references.joined(separator: ", ").uppercased()) == 1)
                #expect(sample.item.score("") == 0)
                // Without a guess another number of trials may end at a neighbour; with the same calls all is the same.
                #expect(
                    try again.sample(
                        task, index: index, length: length, guess: index == 0 ? nil : guess, count: FourBytes.count
                    ).item.references == sample.item.references)
                #expect(
                    try other.sample(task, index: index, length: length, count: FourBytes.count).item.prompt
                        != sample.item.prompt)
            }
            #expect(trials <= 3 * 9, "\(task) took \(trials) trials for 3 samples")
        }
    }

    @Test("The same seed gives the same samples, another number another", arguments: RulerTask.allCases)
    func isDeterministic(task: RulerTask) throws {
        let folder = try TemporaryFolder()
        let length = task == .squad || task == .hotpotQA ? 900 : 4096
        let make = { (index: Int) in
            try Questions.samples(in: folder).sample(task, index: index, length: length, count: FourBytes.count)
        }
        #expect(try make(3) == make(3))
        #expect(try make(3).item.prompt != make(4).item.prompt)
    }

    @Test("Too short a length is refused with the length that would do", arguments: RulerTask.allCases)
    func refusesShortLengths(task: RulerTask) throws {
        let samples = try Questions.samples(in: try TemporaryFolder())
        #expect { try samples.sample(task, index: 0, length: 60, count: FourBytes.count) } throws: {
            "\($0)".contains("at least") && "\($0)".contains(task.rawValue)
        }
    }

    @Test(
        "Needles stand where they should, as many as there should be",
        arguments: RulerTask.allCases.filter { $0.needles != nil })
    func hidesNeedles(task: RulerTask) throws {
        let needles = try #require(task.needles)
        let sample = try RulerSamples().sample(task, index: 1, length: 8192, count: FourBytes.count)
        let context = Self.context(sample.item)
        let pattern = try Regex("One of the magic \(needles.valueKind.rawValue) of ([a-z0-9-]+) is: ([a-z0-9-]+)\\.")
        let found = context.matches(of: pattern)
        let hidden = needles.keyCount * needles.valueCount
        #expect(found.count == hidden + (needles.haystack == .needles ? sample.unitCount : 0))
        #expect(sample.item.depths.count == hidden && sample.item.depths == sample.item.depths.sorted())
        #expect(sample.item.references.count == needles.queryCount * needles.valueCount)

        // The key that the question names is the key of the values that it wants.
        let pairs = found.compactMap { match -> (key: String, value: String, place: Int)? in
            guard let key = match.output[1].substring, let value = match.output[2].substring else { return nil }
            return (
                String(key), String(value), context.utf8.distance(from: context.startIndex, to: match.range.lowerBound)
            )
        }
        let asked = pairs.filter { sample.item.prompt.answerPrefix.contains($0.key) }
        #expect(Set(asked.map(\.value)) == Set(sample.item.references))
        #expect(asked.count == sample.item.references.count)

        guard needles.haystack != .needles else {
            #expect(abs(Double(asked[0].place) / Double(context.utf8.count) - sample.item.depths[0]) < 0.02)
            return
        }
        // An essay's needle moves on to the end of a sentence, of 30 words at most in one of some 5,000.
        for (pair, depth) in zip(pairs, sample.item.depths) {
            #expect(abs(Double(pair.place) / Double(context.utf8.count) - depth) < 0.03, "\(pair) at \(depth)")
        }
    }

    @Test("Following the assignments leads to the five variables asked for")
    func tracksVariables() throws {
        let item = try RulerSamples().sample(.variableTracking, index: 2, length: 4096, count: FourBytes.count).item
        var values: [String: String] = [:]
        var sources: [String: String] = [:]
        for match in item.prompt.text.matches(of: /VAR ([A-Z]+) = (?:VAR )?([A-Z0-9]+)/) {
            let source = String(match.output.2)
            sources[String(match.output.1)] = source
            values[String(match.output.1)] = values[source] ?? source
        }
        let asked = try #require(item.prompt.text.firstMatch(of: /value ([0-9]+)\?$/)).output.1
        #expect(Set(values.filter { $0.value == asked }.keys) == Set(item.references))
        #expect(item.references.count == 5 && item.references.allSatisfy { $0.count == 5 })
        for (variable, before) in zip(item.references.dropFirst(), item.references) {
            #expect(sources[variable] == before)
        }
        // The solved example has its own five, of three letters.
        #expect(values.count == 10)
    }

    @Test("Common words stand 30 times and others 3 times, in short texts 6 times and once", arguments: [3000, 8192])
    func countsCommonWords(length: Int) throws {
        let item = try RulerSamples().sample(.commonWords, index: 0, length: length, count: FourBytes.count).item
        // The list of the question, not of the example before it.
        let list = try #require(item.prompt.text.components(separatedBy: "\n").dropLast().last)
        var counts: [Substring: Int] = [:]
        for match in list.matches(of: /([0-9]+)\. ([a-z-]+)/) { counts[match.output.2, default: 0] += 1 }
        let common = counts.filter { $0.value == (length < 4096 ? 6 : 30) }.keys
        #expect(Set(common.map(String.init)) == Set(item.references) && common.count == 10)
        #expect(counts.values.count { $0 == (length < 4096 ? 1 : 3) } == counts.count - 10 && counts.count > 20)
    }

    @Test("Frequencies of coded words fall by the square of the rank, and the dots lead")
    func countsFrequentWords() throws {
        let sample = try RulerSamples().sample(.frequentWords, index: 0, length: 8192, count: FourBytes.count)
        let context = try #require(sample.item.prompt.text.components(separatedBy: "frequent ones. ").last)
            .components(separatedBy: "\n")[0]
        var counts: [Substring: Int] = [:]
        for word in context.split(separator: " ") { counts[word, default: 0] += 1 }
        let ranked = counts.sorted { $0.value > $1.value }
        #expect(ranked[0].key == "...")
        #expect(ranked[1...3].map { String($0.key) } == sample.item.references)
        for rank in 1...5 {
            let expected = Double(sample.unitCount) * 6 / (Double.pi * Double.pi * Double(rank * rank))
            #expect(abs(Double(ranked[rank - 1].value) - expected) <= 1)
        }
        #expect(ranked[3].value > ranked[4].value)
    }

    @Test("A question's own documents are in the pile, each once, and those of its article come before strangers")
    func pilesDocuments() throws {
        let samples = try Questions.samples(in: try TemporaryFolder())
        for index in 0..<14 {
            let item = try samples.sample(.squad, index: index, length: 700, count: FourBytes.count).item
            let question = try #require(
                item.prompt.text.firstMatch(of: /Question: Who is the mayor of town([0-9])([0-9])\?/))
            let context = Self.context(item)
            #expect(
                context.components(separatedBy: "mayor of town\(question.output.1)\(question.output.2) ").count == 2)
            let documents = context.matches(of: /Document ([0-9]+):/).compactMap { Int($0.output.1) }
            #expect(documents == Array(1...documents.count) && documents.count > 4)
            #expect(context.components(separatedBy: "mayor of town\(question.output.1)").count == 5)
        }
        // All twelve questions come before one comes again.
        let questions = try (0..<12).map {
            try samples.sample(.squad, index: $0, length: 700, count: FourBytes.count).item.references[0]
        }
        #expect(Set(questions).count == 12)
    }

    @Test("No word is part of another one")
    func wordsAreApart() {
        let (adjectives, nouns) = (Vocabulary.adjectives, Vocabulary.nouns)
        #expect(Set(adjectives).count == adjectives.count && Set(nouns).count == nouns.count)
        for word in adjectives { #expect(!adjectives.contains { $0 != word && word.hasSuffix($0) }, "\(word)") }
        for word in nouns { #expect(!nouns.contains { $0 != word && word.hasPrefix($0) }, "\(word)") }
        #expect(Set((0..<Vocabulary.wordCount).map(Vocabulary.word)).count == Vocabulary.wordCount)
    }

    @Test("A user's text is repeated as needed and must have 20 words")
    func takesOwnHaystack() throws {
        #expect(Haystack("too short a text.") == nil)
        let own = try #require(
            Haystack(Array(repeating: "Seven wet cats sat on one roof.", count: 5).joined(separator: "\n")))
        let item = try RulerSamples(essay: own).sample(.niahSingle2, index: 0, length: 2048, count: FourBytes.count)
            .item
        #expect(item.prompt.text.components(separatedBy: "Seven wet cats").count > 50)
    }
}
