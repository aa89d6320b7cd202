import ArgumentParser
import Foundation
import Testing

@testable import gyges

/// Command lines that the documentation and the help texts show are command lines that the program takes.
@Suite struct DocumentedCommandTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The files whose blocks of shell commands are tried.
    private static let documents: [URL] = {
        let folders = [root, root.appending(path: "docs"), root.appending(path: "Benchmarks")]
        return folders.flatMap { folder in
            ((try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? [])
                .filter { $0.pathExtension == "md" }
        }.sorted { $0.path < $1.path }
    }()

    @Test(arguments: documents)
    func commandsOfDocumentsParse(_ document: URL) throws {
        for line in shellLines(of: try String(contentsOf: document, encoding: .utf8)) {
            if let arguments = arguments(of: line) { try parse(arguments, of: line) }
            if let target = words(of: line).first == "make" ? words(of: line).dropFirst().first : nil {
                let makefile = try String(contentsOf: Self.root.appending(path: "Makefile"), encoding: .utf8)
                #expect(makefile.contains("\n\(target):"), "the Makefile has no target of '\(line)'")
            }
        }
    }

    @Test func documentsHoldCommands() throws {
        let count = try Self.documents.reduce(0) { count, document in
            count
                + shellLines(of: try String(contentsOf: document, encoding: .utf8)).count(where: {
                    arguments(of: $0) != nil
                })
        }
        #expect(count > 15, "the search for commands finds too few of them: \(count)")
    }

    @Test func examplesOfHelpTextsParse() throws {
        var missing: [String] = []
        try visit(Gyges.self, path: []) { command, path in
            let examples = command.configuration.discussion.replacing(/\\\n */, with: "").split(separator: "\n")
                .compactMap { arguments(of: String($0)) }
            if examples.isEmpty, command.configuration.subcommands.isEmpty {
                missing.append(path.joined(separator: " "))
            }
            for example in examples { try parse(example, of: "gyges " + example.joined(separator: " ")) }
        }
        #expect(missing.isEmpty, "commands whose help shows no example: \(missing)")
    }

    private func visit(
        _ command: any ParsableCommand.Type, path: [String],
        _ body: (any ParsableCommand.Type, [String]) throws -> Void
    ) throws {
        try body(command, path)
        for child in command.configuration.subcommands {
            try visit(child, path: path + [child._commandName], body)
        }
    }

    private func parse(_ arguments: [String], of line: String) throws {
        do {
            _ = try Gyges.parseAsRoot(arguments)
        } catch {
            // `--help` and `--version` end parsing by an error, too, with status 0.
            #expect(
                Gyges.exitCode(for: error) == .success, "'\(line)' is refused: \(Gyges.fullMessage(for: error))")
        }
    }

    /// The arguments of a line that runs the program, alone or behind a pipe; `nil` for other lines. What stands behind two
    /// spaces says what the command does.
    private func arguments(of line: String) -> [String]? {
        let line = line.trimmingCharacters(in: .whitespaces)
        let command = line.firstRange(of: "  ").map { line[..<$0.lowerBound] } ?? line[...]
        for part in command.split(separator: "|") {
            var words = words(of: String(part))
            if words.first == "$" { words.removeFirst() }
            guard let first = words.first, first == "gyges" || first.hasSuffix("/gyges"), words.count > 1 else {
                continue
            }
            return Array(words.dropFirst())
        }
        return nil
    }

    /// The lines of blocks marked `sh`, continued lines joined.
    private func shellLines(of text: String) -> [String] {
        var lines: [String] = []
        var isInside = false
        for line in text.replacing("\\\n", with: " ").split(separator: "\n") {
            if line.hasPrefix("```") {
                isInside = line == "```sh"
            } else if isInside {
                lines.append(String(line))
            }
        }
        return lines
    }

    /// A line's words up to the first comment, pipe or redirection, as a shell takes quotes.
    private func words(of line: String) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        for character in line {
            if let current = quote {
                if character == current { quote = nil } else { word = (word ?? "") + String(character) }
            } else if character == "'" || character == "\"" {
                (quote, word) = (character, word ?? "")
            } else if character == " " {
                if let complete = word { words.append(complete) }
                word = nil
            } else if "|><&;".contains(character) || (character == "#" && word == nil) {
                break
            } else {
                word = (word ?? "") + String(character)
            }
        }
        return words + (word.map { [$0] } ?? [])
    }
}
