import FoundationEssentials
import GygesFiles
import GygesTestSupport
import Testing

@testable import GygesStudy

/// Every file, or part of one, that docs/study.md shows is one that the program reads.
@Suite struct DocumentedFileTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    struct Snippet: CustomTestStringConvertible {
        var line: Int
        var text: String

        /// The names of its outermost values.
        var keys: Set<String> {
            Set(
                text.split(separator: "\n").filter { $0.first?.isLetter == true }
                    .compactMap { $0.split(separator: ":").first.map(String.init) })
        }
        var testDescription: String { "docs/study.md:\(line)" }
    }

    static let snippets: [Snippet] = {
        let text = (try? String(contentsOf: URL(filePath: root + "/docs/study.md"), encoding: .utf8)) ?? ""
        var snippets: [Snippet] = []
        var current: Snippet?
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if let snippet = current, line.hasPrefix("```") {
                snippets.append(snippet)
                current = nil
            } else if line == "```yaml" {
                current = Snippet(line: index + 1, text: "")
            } else {
                current?.text += line + "\n"
            }
        }
        return snippets
    }()

    @Test func thereAreSnippets() {
        #expect(Self.snippets.count > 7)
        #expect(
            Self.snippets.contains { $0.keys.contains("extends") }
                && Self.snippets.contains { $0.keys.contains("system") })
    }

    @Test(arguments: snippets)
    func isRead(_ snippet: Snippet) throws {
        let isScenario = snippet.keys.contains("extends") || snippet.keys.contains("system")
        guard !isScenario else {
            let scenario = try Scenario(yaml: snippet.text, path: snippet.testDescription)
            for variant in scenario.variants { _ = try scenario.applying(variant) }
            return
        }
        try withTemporaryFolder { folder in
            // What a part of a study file leaves out.
            let rest = ["version: 1", "name: tiny", "subject: persona:faker", "scenarios: [helpful-only]"].filter {
                line in
                !snippet.keys.contains { line.hasPrefix("\($0):") }
            }
            try (snippet.text + rest.joined(separator: "\n")).write(
                toFile: folder + "/study.yaml", atomically: true, encoding: .utf8)
            try FileManager.default.createDirectory(atPath: folder + "/published", withIntermediateDirectories: false)
            try "version: 1\nname: published\ndescription: P.\nextends: helpful-only\nedits: [{suffix: Thanks.}]\n"
                .write(
                    toFile: folder + "/published/helpful-only.yaml", atomically: true, encoding: .utf8)
            let study = try Study.load(folder + "/study.yaml")
            #expect(try !study.conditions.isEmpty)
        }
    }
}
