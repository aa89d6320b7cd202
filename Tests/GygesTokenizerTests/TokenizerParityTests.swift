import FoundationEssentials
import Testing

/// Compares with tens of thousands of cases made elsewhere, if `GYGES_TOKENIZER_CASES` names files of them.
@Suite struct TokenizerParityTests {
    static let paths = (ProcessInfo.processInfo.environment["GYGES_TOKENIZER_CASES"] ?? "").split(separator: ":")
        .map(String.init)

    @Test(.enabled(if: !paths.isEmpty), arguments: paths)
    func agreesWithReference(path: String) throws {
        let cases = try TokenizerCases(path: path)
        #expect(!cases.cases.isEmpty && !cases.tokenizers.isEmpty)
        for tokenizer in cases.tokenizers {
            let mismatches = try cases.mismatches(loadTokenizer(tokenizer))
            #expect(mismatches.isEmpty, "\(tokenizer): \(mismatches.count) differences: \(mismatches.prefix(5))")
        }
    }
}
