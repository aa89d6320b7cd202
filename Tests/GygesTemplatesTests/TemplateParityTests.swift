import Foundation
import GygesFiles
import GygesTemplates
import Testing

/// Expressions with what jinja2 renders of them, or that it fails; see `scripts/parity/templates.py`.
@Suite struct TemplateParityTests {
    /// Tens of thousands of cases made elsewhere, if `GYGES_TEMPLATE_CASES` names files of them.
    static let paths = (ProcessInfo.processInfo.environment["GYGES_TEMPLATE_CASES"] ?? "").split(separator: ":")
        .map(String.init)

    @Test(.enabled(if: !paths.isEmpty), arguments: paths)
    func agreesWithReferenceOnMany(path: String) throws {
        let differences = try differences(path)
        #expect(
            differences.isEmpty, "\(differences.count) differences:\n\(differences.prefix(400).joined(separator: "\n"))"
        )
    }

    @Test func agreesWithReference() throws {
        let path = try #require(Bundle.module.path(forResource: "Fixtures/expressions.jsonl", ofType: nil))
        let differences = try differences(path)
        #expect(differences.isEmpty, "\(differences.count) differences: \(differences.prefix(20))")
    }

    private static let rendering = (
        before: "{% set r = ",
        after: " %}{% if r is string or r is number or r is none or r is mapping or r is undefined %}"
            + "{{ r }}|{{ r is integer }}{{ r is string }}{% else %}{{ r | list }}{% endif %}"
    )

    private func differences(_ path: String) throws -> [String] {
        var differences: [String] = []
        var count = 0
        for line in try MappedFile.read(path: path).split(separator: UInt8(ascii: "\n")) {
            let json = try JSON.parse(Array(line), path: path)
            let expression = try #require(json["expression"]?.string)
            let expected = json["text"]?.string
            count += 1
            do throws(TemplateError) {
                let source = Self.rendering.before + expression + Self.rendering.after
                let text = try ChatTemplate(source: source).render(messages: []).text
                if expected.map({ !$0.unicodeScalars.elementsEqual(text.unicodeScalars) }) ?? true {
                    differences.append("\(expression): \(text), not \(expected ?? json["fails"]?.string ?? "")")
                }
            } catch {
                // What is not known here is refused by name, whatever jinja2 makes of it.
                if expected != nil, error.kind != .unsupported {
                    differences.append("\(expression): \(error.kind) \(error.message), not \(expected ?? "")")
                }
            }
        }
        #expect(count > 500)
        return differences
    }
}
