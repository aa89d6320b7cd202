import Foundation
import Testing

/// The program at a terminal, typed to and read from as by a person.
final class PseudoTerminal {
    private let descriptor: Int32
    /// 0 when it has ended.
    private var process: pid_t
    /// What was shown since the last ``wait(for:)``.
    private var shown = ""

    /// Starts the program with a terminal of 80 by 24 as its input, output and errors.
    ///
    /// - Parameter output: A file for standard output instead.
    init(_ arguments: [String], output: String? = nil) throws {
        // By Linux's own calls: Swift's Glibc leaves out the functions of X/Open.
        descriptor = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        var (locked, number): (Int32, UInt32) = (0, 0)
        let (setLock, getNumber): (UInt, UInt) = (0x4004_5431, 0x8004_5430)  // TIOCSPTLCK, TIOCGPTN
        guard descriptor >= 0, ioctl(descriptor, setLock, &locked) == 0, ioctl(descriptor, getNumber, &number) == 0
        else { throw CocoaError(.fileReadUnknown) }
        let name = "/dev/pts/\(number)"
        var size = winsize(ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(descriptor, UInt(TIOCSWINSZ), &size)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // The first terminal that the leader of a new session opens is its own, which sends it Control-C.
        posix_spawn_file_actions_addopen(&actions, 0, name, O_RDWR, 0)
        if let output {
            posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT, 0o600)
        } else {
            posix_spawn_file_actions_adddup2(&actions, 0, 1)
        }
        posix_spawn_file_actions_adddup2(&actions, 0, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Threads of tests block signals, which the program would inherit.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        let startsSession: Int16 = 0x80  // POSIX_SPAWN_SETSID
        posix_spawnattr_setflags(&attributes, startsSession | Int16(POSIX_SPAWN_SETSIGMASK))
        let variables = ProcessInfo.processInfo.environment.merging([
            "GYGES_PACKED": "off", "TERM": "xterm", "HOME": FileManager.default.temporaryDirectory.path,
        ]) { $1 }
        let argumentTexts = ([Program.path] + arguments).map { strdup($0) } + [nil]
        let variableTexts = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in argumentTexts + variableTexts { free(text) } }
        var process: pid_t = 0
        guard posix_spawn(&process, Program.path, &actions, &attributes, argumentTexts, variableTexts) == 0 else {
            throw CocoaError(.executableNotLoadable)
        }
        self.process = process
    }

    deinit {
        if process > 0 {
            kill(process, SIGKILL)
            waitpid(process, nil, 0)
        }
        close(descriptor)
    }

    /// Types a text: `\r` for return, `\u{3}` for Control-C.
    func type(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// Waits until a text is shown and returns what stood before it.
    @discardableResult
    func wait(for text: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
        while true {
            if let range = shown.range(of: text) {
                defer { shown = String(shown[range.upperBound...]) }
                return String(shown[..<range.lowerBound])
            }
            guard readMore() else {
                Issue.record("“\(text)” is not shown, but: \(shown.suffix(2000))", sourceLocation: sourceLocation)
                throw CocoaError(.fileReadUnknown)
            }
        }
    }

    /// Waits until so many characters are shown, and forgets them.
    func wait(forCharacters count: Int) throws {
        while shown.count < count {
            guard readMore() else { throw CocoaError(.fileReadUnknown) }
        }
        shown = ""
    }

    /// Reads what is left and returns the exit status; negative for the signal that ended the program.
    func finish() -> (status: Int32, shown: String) {
        while readMore() {}
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        process = 0
        return (status & 0x7F == 0 ? (status >> 8) & 0xFF : -(status & 0x7F), shown)
    }

    /// Reads what is shown next; false at the end, or if nothing is shown for two minutes, which only a program that hangs
    /// lets pass.
    private func readMore() -> Bool {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, 120_000) > 0 else { return false }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = read(descriptor, &bytes, bytes.count)
        guard count > 0 else { return false }
        shown += String(decoding: bytes.prefix(count), as: UTF8.self)
        return true
    }
}
