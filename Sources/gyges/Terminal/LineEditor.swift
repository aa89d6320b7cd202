internal import CGygesEdit
import Foundation

/// Reads messages from a terminal with editing and history, by the system's libedit.
///
/// What is pasted into a terminal that marks it (bracketed paste) is part of one message, its ends of lines included. Nothing is
/// cut at the 4,095 bytes that a terminal's own line editing holds. History lasts as long as the editor, and is not
/// written to disk.
final class LineEditor {
    /// What became of reading a message.
    enum Outcome: Equatable {
        case message(String)
        /// Control-C; whether nothing had been typed.
        case interrupted(isEmpty: Bool)
        /// Control-D with nothing typed, or the terminal is gone.
        case end
    }

    private let editor: OpaquePointer
    private let history: OpaquePointer
    private let interrupts: Interrupts
    private let marksPastes: Bool
    /// Bytes that were read and not yet taken.
    private var pending: ArraySlice<UInt8> = []
    private var isInterrupted = false

    /// Prepares the terminal; `nil` where standard input is none, or neither standard output nor standard error shows what
    /// is typed.
    init?(interrupts: Interrupts, environment: [String: String] = ProcessInfo.processInfo.environment) {
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 || isatty(STDERR_FILENO) == 1 else { return nil }
        Self.useUnicode()
        guard let editor = gyges_edit_open(isatty(STDOUT_FILENO) == 1 ? 0 : 1) else { return nil }
        guard let history = history_winit() else {
            el_end(editor)
            return nil
        }
        self.editor = editor
        self.history = history
        self.interrupts = interrupts
        marksPastes = !["", "dumb"].contains(environment["TERM", default: ""])
        gyges_edit_use_emacs_keys(editor)
        gyges_edit_use_history(editor, history, 1000)
        gyges_edit_set_owner(editor, Unmanaged.passUnretained(self).toOpaque())
        gyges_edit_set_prompt(editor) { _ in LineEditor.prompt }
        gyges_edit_set_reader(editor) { editor, character in
            guard let scalar = LineEditor.owner(of: editor).next() else { return -1 }
            character?.pointee = wchar_t(truncatingIfNeeded: scalar.value)
            return 1
        }
        // A person's own settings (~/.editrc), and over them what messages need.
        el_source(editor, nil)
        gyges_edit_bind_known(editor, "^R", "em-inc-search-prev")
        gyges_edit_bind(editor, "\\e[200~", "gyges-paste") { editor, _ in
            LineEditor.owner(of: editor).paste()
            return UInt8(CC_REFRESH)
        }
    }

    deinit {
        el_end(editor)
        history_wend(history)
    }

    /// Reads one message.
    func read() -> Outcome {
        isInterrupted = false
        keepWholeLines()
        el_resize(editor)
        mark("\u{1B}[?2004h")
        defer { mark("\u{1B}[?2004l") }
        var count: Int32 = 0
        guard let line = el_wgets(editor, &count), count > 0 else {
            guard isInterrupted else { return .end }
            let typed = el_wline(editor).map { $0.pointee.lastchar - $0.pointee.buffer } ?? 0
            el_reset(editor)
            return .interrupted(isEmpty: typed == 0)
        }
        let scalars = UnsafeBufferPointer(start: line, count: Int(count)).lazy.map {
            Unicode.Scalar(UInt32(truncatingIfNeeded: $0)) ?? "\u{FFFD}"
        }
        let message = String(String.UnicodeScalarView(scalars))
        if message.contains(where: { !$0.isWhitespace }) { gyges_edit_remember(history, line) }
        return .message(message.hasSuffix("\n") ? String(message.dropLast()) : message)
    }

    /// Ends the terminal's own line editing, which holds 4,095 bytes of a line. libedit ends it only after the prompt is shown, so that what is
    /// typed or pasted at once would be cut.
    private func keepWholeLines() {
        var settings = termios()
        guard tcgetattr(STDIN_FILENO, &settings) == 0 else { return }
        settings.c_lflag &= ~tcflag_t(ICANON)
        _ = tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
    }

    // The prompt lives as long as the program.
    nonisolated(unsafe) private static let prompt: UnsafeMutablePointer<wchar_t> = {
        let prompt = UnsafeMutablePointer<wchar_t>.allocate(capacity: 3)
        for (place, scalar) in "> \0".unicodeScalars.enumerated() {
            (prompt + place).initialize(to: wchar_t(truncatingIfNeeded: scalar.value))
        }
        return prompt
    }()

    private static func owner(of editor: OpaquePointer?) -> LineEditor {
        // libedit calls back during `el_wgets` alone, which only a living owner calls.
        Unmanaged<LineEditor>.fromOpaque(gyges_edit_owner(editor)!).takeUnretainedValue()
    }

    /// Has libedit take and show characters beyond ASCII even where no locale is set.
    private static func useUnicode() {
        setlocale(LC_CTYPE, "")
        if String(cString: nl_langinfo(Int32(CODESET))) != "UTF-8" { setlocale(LC_CTYPE, "C.UTF-8") }
    }

    /// Asks the terminal to mark pastes, or no longer to.
    private func mark(_ sequence: String) {
        guard marksPastes else { return }
        if isatty(STDOUT_FILENO) == 1 { Output.append(Array(sequence.utf8)) } else { Terminal.writeError(sequence) }
    }

    /// The next character; `nil` at the end, on an error or an interrupt. What is not UTF-8 becomes U+FFFD.
    private func next() -> Unicode.Scalar? {
        guard let first = nextByte() else { return nil }
        let length = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        var bytes = [first]
        // No further than the character, which the person would have to type on to see.
        while bytes.count < length, let byte = nextByte() { bytes.append(byte) }
        return String(decoding: bytes, as: UTF8.self).unicodeScalars.first
    }

    private func nextByte() -> UInt8? {
        if pending.isEmpty { fill() }
        return pending.popFirst()
    }

    /// Waits for input or an interrupt.
    private func fill() {
        var waiting = [
            pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
            pollfd(fd: interrupts.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        while !isInterrupted {
            let ready = poll(&waiting, nfds_t(waiting.count), -1)
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else { return }
            if waiting[1].revents != 0 {
                interrupts.drain()
                isInterrupted = true
                return
            }
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = Foundation.read(STDIN_FILENO, &bytes, bytes.count)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            pending = bytes.prefix(max(0, count))
            return
        }
    }

    /// Takes in all that is pasted, up to the mark of its end.
    private func paste() {
        let end = Array("\u{1B}[201~".unicodeScalars)
        var pasted: [Unicode.Scalar] = []
        while let scalar = next() {
            pasted.append(scalar)
            guard pasted.suffix(end.count).elementsEqual(end) else { continue }
            pasted.removeLast(end.count)
            break
        }
        let text = (Self.cleaned(pasted) + ["\0"]).map { wchar_t(truncatingIfNeeded: $0.value) }
        // Fails only for want of memory.
        _ = text.withUnsafeBufferPointer { el_winsertstr(editor, $0.baseAddress) }
    }

    /// A pasted text with ends of lines as `\n`, and without the control characters that could steer the terminal.
    static func cleaned(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        text.map { $0 == "\r" ? "\n" : $0 }.filter {
            $0 == "\n" || $0 == "\t" || $0.properties.generalCategory != .control
        }
    }
}
