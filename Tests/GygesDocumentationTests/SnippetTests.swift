import Foundation
import Testing

/// Every block of Swift in the documentation stands, line for line, in a file of `Examples`, which is compiled and run.
@Suite struct SnippetTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private struct Snippet: CustomTestStringConvertible {
        var document: String
        var line: Int
        var lines: [String]

        var testDescription: String { "\(document):\(line)" }
    }

    @Test(arguments: snippets)
    private func standsInAnExample(_ snippet: Snippet) throws {
        let imports = snippet.lines.filter { $0.hasPrefix("import ") }
        let body = snippet.lines.filter { !$0.hasPrefix("import ") }
        let isThere = try Self.examples().contains { example in
            imports.allSatisfy(example.contains) && example.contains(body)
        }
        #expect(isThere, "no file of Examples holds the Swift of \(snippet.document), line \(snippet.line)")
    }

    @Test func everyLibraryHasASnippet() throws {
        let manifest = try String(contentsOf: Self.root.appending(path: "Package.swift"), encoding: .utf8)
        let libraries = manifest.matches(of: /\.library\(name: "(\w+)"/).map { String($0.1) }
        #expect(libraries.count > 4)
        for library in libraries {
            let documents = Self.snippets.map(\.document)
            #expect(
                documents.contains("\(library).md"),
                "Sources/\(library)/\(library).docc/\(library).md shows no Swift that uses the library")
        }
    }

    /// The lines of each example without indentation and empty lines.
    private static func examples() throws -> [[String]] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Examples")
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .map { lines(of: try String(contentsOf: $0, encoding: .utf8)) }
    }

    private static let snippets: [Snippet] = {
        var documents = [root.appending(path: "README.md")]
        for folder in ["docs", "Sources"] {
            let files = FileManager.default.enumerator(
                at: root.appending(path: folder), includingPropertiesForKeys: nil)
            for case let file as URL in files ?? .init() where file.pathExtension == "md" { documents.append(file) }
        }
        return documents.flatMap { snippets(of: $0) }
    }()

    private static func snippets(of document: URL) -> [Snippet] {
        let text = (try? String(contentsOf: document, encoding: .utf8)) ?? ""
        var snippets: [Snippet] = []
        var current: Snippet?
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if let snippet = current, line.hasPrefix("```") {
                snippets.append(snippet)
                current = nil
            } else if current != nil {
                current?.lines += lines(of: String(line))
            } else if line == "```swift" {
                current = Snippet(document: document.lastPathComponent, line: index + 1, lines: [])
            }
        }
        return snippets
    }

    private static func lines(of text: String) -> [String] {
        text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }
}
