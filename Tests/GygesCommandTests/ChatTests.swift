import Foundation
import GygesFiles
import GygesTestSupport
import Testing

/// Chats as a person at a terminal has them, and as pipes do.
@Suite struct ChatTests {
    /// An answer of this chat goes on until it is stopped, or for very long.
    private func endless(_ model: String) -> [String] {
        [
            "chat", model, "--context-length", "200000", "--max-tokens", "150000", "--no-speculation",
            "--repetition-penalty", "0.2",
        ]
    }

    private func conversation(_ path: String) throws -> [JSON] {
        try #require(try JSON.read(path: path)["messages"]?.array)
    }

    @Test("Control-C stops an answer and keeps what was said; a second one leaves")
    func stops() throws {
        let folder = try TemporaryFolder()
        let terminal = try PseudoTerminal(endless(try CommandTests.model(in: folder)))
        try terminal.wait(for: "> ")
        terminal.type("hi\r")
        try terminal.wait(for: "hi\r\n")
        try terminal.wait(forCharacters: 200)
        terminal.type("\u{3}")
        try terminal.wait(for: "Stopped; what was said so far stays in the conversation.")
        try terminal.wait(for: "> ")
        let file = folder.path + "/talk.json"
        terminal.type("/save \(file)\r")
        try terminal.wait(for: "Saved 2 messages to")
        let messages = try conversation(file)
        #expect(messages.map { $0["role"] } == ["user", "assistant"])
        #expect(messages.first?["content"] == "hi" && (messages.last?["content"]?.string?.count ?? 0) > 50)

        // The conversation goes on, is stopped again, and left.
        terminal.type("and more\r")
        try terminal.wait(for: "and more\r\n")
        try terminal.wait(forCharacters: 200)
        terminal.type("\u{3}")
        try terminal.wait(for: "Stopped; what was said")
        try terminal.wait(for: "> ")
        terminal.type("\u{3}")
        #expect(terminal.finish().status == 130)
    }

    @Test("Two of Control-C at an empty line leave, one clears a line; Control-D leaves")
    func leaves() throws {
        let folder = try TemporaryFolder()
        let model = try CommandTests.model(in: folder)
        let terminal = try PseudoTerminal(["chat", model, "--max-tokens", "1"])
        try terminal.wait(for: "> ")
        terminal.type("half a mess")
        try terminal.wait(for: "half a mess")
        terminal.type("\u{3}")
        try terminal.wait(for: "^C")
        try terminal.wait(for: "> ")
        // What was cleared is not sent: the line has this alone.
        terminal.type("/system\r")
        try terminal.wait(for: "There is no system message.")
        try terminal.wait(for: "> ")
        terminal.type("\u{3}")
        try terminal.wait(for: "Another Control-C, or Control-D, leaves.")
        try terminal.wait(for: "> ")
        terminal.type("\u{3}")
        #expect(terminal.finish().status == 130)

        let other = try PseudoTerminal(["chat", model, "--max-tokens", "1"])
        try other.wait(for: "> ")
        other.type("\u{4}")
        #expect(other.finish().status == 0)
    }

    @Test("Lines are edited, come back, are not cut, and what is pasted is one message")
    func edits() throws {
        let folder = try TemporaryFolder()
        let terminal = try PseudoTerminal([
            "chat", try CommandTests.model(in: folder), "--max-tokens", "1", "--context-length", "20000", "--speed",
        ])
        let file = folder.path + "/talk.json"
        let long = String(repeating: "abcdefghi ", count: 600)
        // Left of the end a letter; the line before; several lines; more than a terminal's own editing holds.
        for keys in ["hllo\u{2}\u{2}\u{2}e\r", "\u{1B}[A\r", "\u{1B}[200~one\rtwö\r\rthree\u{1B}[201~!\r", long + "\r"]
        {
            try terminal.wait(for: "> ")
            terminal.type(keys)
            try terminal.wait(for: "tokens/s")
        }
        try terminal.wait(for: "> ")
        terminal.type("/save \(file)\r")
        try terminal.wait(for: "Saved 8 messages")
        let questions = try conversation(file).filter { $0["role"] == "user" }.map { $0["content"]?.string ?? "" }
        #expect(questions == ["hello", "hello", "one\ntwö\n\nthree!", long])
        terminal.type("/quit\r")
        #expect(terminal.finish().status == 0)
    }

    @Test("Instructions say what they did, and unknown ones are not sent")
    func follows() throws {
        let folder = try TemporaryFolder()
        let model = try CommandTests.model(in: folder)
        let file = folder.path + "/talk.json"
        let foreign = try folder.write(Array("mine".utf8), to: "notes.txt")
        let lines = [
            "hello", "/undo", "/undo", "/unod", "/etc/passwd", "/save", "/system Be brief.", "/system", " /slash",
            "/speed",
            "/save \(file)", "/save \(foreign)", "/new", "/load \(file)", "/load \(foreign)", "/system off", "/help",
            "/quit",
            "never sent",
        ]
        let outcome = try Program.run(
            ["chat", model, "--max-tokens", "4", "--temperature", "0"], input: lines.joined(separator: "\n"))
        #expect(outcome.status == 0, "\(outcome.errors)")
        // Two messages were answered, and their answers are all that is on standard output.
        #expect(outcome.output.components(separatedBy: " […]\n").count == 3, "\(outcome.output)")
        var rest = outcome.errors[...]
        for note in [
            "Taken back: “hello” and its answer.", "There is nothing to take back.",
            "There is no /unod; did you mean /undo?",
            "There is no /etc/passwd.", "Nothing was sent", "Name a file: /save talk.json",
            "The system message is another now",
            "The system message: Be brief.", "Each answer's speed is shown", "Saved 3 messages to \(file)",
            "\(foreign): is there already and holds no conversation", "A new conversation: 1 message forgotten",
            "Loaded 3 messages from \(file)", "notes.txt", "There is no system message any more",
            "/undo            take back",
        ] {
            let range = rest.range(of: note)
            #expect(range != nil, "“\(note)” is not in \(rest)")
            if let range { rest = rest[range.upperBound...] }
        }
        let messages = try conversation(file)
        #expect(messages.map { $0["role"] } == ["system", "user", "assistant"])
        #expect(messages[1]["content"] == " /slash")
        #expect(try String(contentsOfFile: foreign, encoding: .utf8) == "mine")
        // What was saved is where another chat goes on.
        let later = try Program.run(["chat", model, "--load", file, "--max-tokens", "1"], input: "/undo\n/undo")
        #expect(later.status == 0 && later.errors.contains("Taken back: “ /slash”"), "\(later.errors)")
    }

    @Test("A message that cannot be answered is taken back and said, and the chat goes on")
    func refuses() throws {
        let folder = try TemporaryFolder()
        let model = try CommandTests.model(in: folder)
        let long = String(repeating: "the ring of Gyges ", count: 2000)
        let outcome = try Program.run(["chat", model, "--max-tokens", "2"], input: long + "\nhello\n/undo\n/undo\n")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.contains("The message was taken back."))
        #expect(outcome.errors.contains("Taken back: “hello”") && outcome.errors.contains("nothing to take back"))
    }
}
