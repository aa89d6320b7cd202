import FoundationEssentials
import GygesAnalysis

/// What `analysis.json` holds: the results, as they are drawn everywhere else, and the canary.
struct AnalysisFile: Encodable {
    let results: StudyResults

    private enum CodingKeys: CodingKey {
        case canary
    }

    func encode(to encoder: any Encoder) throws {
        try results.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(Canary.line, forKey: .canary)
    }
}

extension StudyDocument {
    /// The results as JSON with sorted keys. The same document gives the same bytes.
    ///
    /// - Throws: `EncodingError` if a number is not finite, which no analysis gives.
    func analysisFile() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(AnalysisFile(results: results)), as: UTF8.self) + "\n"
    }
}
