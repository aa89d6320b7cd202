import Foundation
import GygesFiles
import Testing

@testable import GygesTokenizer

/// Tokenizers trained from the texts of the tests, against those that the Python package trains from them
/// (`scripts/fixtures/make_trained_tokenizers.py`).
@Suite struct TrainingTests {
    private static func fixture(_ name: String) throws -> String {
        try #require(Bundle.module.path(forResource: "Fixtures/" + name, ofType: nil))
    }

    private static func texts() throws -> [String] {
        try String(contentsOfFile: fixture("qwen2.jsonl"), encoding: .utf8).split(separator: "\n")
            .compactMap { try JSON(parsing: String($0))["text"]?.string }
    }

    private static let recipes: [TokenizerRecipe] = {
        var small = TokenizerRecipe(.modernBERT, vocabularySize: 900)
        small.unusedCount = 5
        var large = TokenizerRecipe(.qwen25, vocabularySize: 2000)
        large.minimumCount = 3
        return [small, large]
    }()

    @Test(arguments: recipes) func isWhatThePackageTrains(recipe: TokenizerRecipe) throws {
        let path = try Self.fixture("trained/\(recipe.kind.rawValue).json")
        let expected = try JSON.read(path: path)
        var training = try TokenizerTraining(recipe)
        for text in try Self.texts() { training.add(text) }
        let trained = try training.tokenizerJSON()
        for key in try #require(expected.object).keys where key != "model" {
            #expect(trained[key] == expected[key], "\(key)")
        }
        for key in try #require(expected["model"]?.object).keys where !["vocab", "merges"].contains(key) {
            #expect(trained["model"]?[key] == expected["model"]?[key], "model.\(key)")
        }
        let (merges, wanted) = (trained["model"]?["merges"]?.array, expected["model"]?["merges"]?.array)
        let firstDifference = zip(merges ?? [], wanted ?? []).enumerated().first { $1.0 != $1.1 }
        #expect(merges == wanted, "\(String(describing: firstDifference))")
        let vocabulary = try #require(trained["model"]?["vocab"]?.object)
        let expectedVocabulary = try #require(expected["model"]?["vocab"]?.object)
        #expect(vocabulary.count == expectedVocabulary.count)
        for (token, id) in expectedVocabulary { #expect(vocabulary[token] == id, "\(token)") }

        // And it reads what it wrote.
        let (own, theirs) = (try Tokenizer(json: trained, path: "trained"), try Tokenizer(json: expected, path: path))
        for text in ["The ring of Gyges\n\n  e\u{301} 12345 [MASK]<|im_end|>", "東京 is 1,000 km away.    "] {
            let tokens = try own.encode(text, specialTokens: .recognise)
            #expect(try tokens == theirs.encode(text, specialTokens: .recognise) && !tokens.isEmpty)
        }
    }

    /// The result does not depend on the order of texts, and ends where pairs are rarer than wanted.
    @Test func dependsOnCountsAlone() throws {
        var recipe = TokenizerRecipe(.qwen25, vocabularySize: 400)
        recipe.minimumCount = 4
        let texts = ["abab abab", "the the the the", "東", "abab"]
        var (first, second) = (try TokenizerTraining(recipe), try TokenizerTraining(recipe))
        for text in texts { first.add(text) }
        for text in texts.reversed() { second.add(text) }
        let trained = try first.tokenizerJSON()
        #expect(try trained == second.tokenizerJSON())
        let merges = try #require(trained["model"]?["merges"]?.array)
        // "ab" occurs six times, "h" before "e" four times as "t" before them, " the" and "abab" three times.
        #expect(merges == [["a", "b"], ["h", "e"], ["t", "he"]])
    }

    @Test func impossibleRecipesAreRefused() {
        for (size, unused) in [(100, 0), (300, 83), (1 << 22, 0), (5000, -1)] {
            var recipe = TokenizerRecipe(.modernBERT, vocabularySize: size)
            recipe.unusedCount = unused
            #expect(throws: TokenizerRecipeError.self) { try TokenizerTraining(recipe) }
        }
    }

    @Test func progressMayStop() throws {
        struct Stopped: Error {}
        var training = try TokenizerTraining(Self.recipes[1])
        for text in try Self.texts() { training.add(text) }
        #expect(throws: Stopped.self) {
            _ = try training.tokenizerJSON { _ in throw Stopped() }
        }
    }
}
