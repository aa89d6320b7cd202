import Foundation
import GygesFiles
import Synchronization

/// Starts a program as a worker: it gets the path of a socket to listen on, and says `ready` in a line when it does.
public struct ProgramLauncher: WorkerLauncher {
    private let command: [String]
    private let environment: [String: String]
    private let folder: String
    private let name: String

    /// Prepares to start a program.
    ///
    /// - Parameters:
    ///   - command: The program and its arguments, to which `--socket PATH` is added.
    ///   - folder: Where sockets are put: a folder that is this user's alone, with a short path.
    ///   - name: What sockets are called; letters, digits and hyphens.
    public init(command: [String], environment: [String: String], folder: String, name: String) {
        self.command = command
        self.environment = environment
        self.folder = folder
        self.name = name
    }

    /// Starts the program on a thread of its own that waits for its end.
    ///
    /// The thread lives as long as the program: a program that asks to be killed with whoever started it (`PR_SET_PDEATHSIG`) dies with this
    /// process, and not before.
    public func start(
        _ number: Int, onReady: @escaping @Sendable () -> Void, onEnd: @escaping @Sendable (_ lastWords: String) -> Void
    ) -> any WorkerProcess {
        let program = Program(address: "\(folder)/\(name)-\(number).socket")
        // What a terminal sends is for the server, which ends its workers when it has no more use for them.
        let subprocess = Subprocess(
            command: command + ["--socket", program.address], environment: environment, hasOwnGroup: true)
        Thread.detachNewThread {
            var said = ""
            var wasReady = false
            let words: String
            do {
                let outcome = try subprocess.run(
                    output: { bytes throws(FileError) in
                        guard !wasReady else { return }
                        said += String(decoding: bytes, as: UTF8.self)
                        guard said.contains("ready\n") else { return }
                        wasReady = true
                        onReady()
                    }, started: program.begin)
                words = "status \(outcome.status); \(outcome.complaint.suffix(1000))"
            } catch {
                words = "\(error)"
            }
            program.finish()
            unlink(program.address)
            onEnd(words)
        }
        return program
    }
}

/// A program that was started.
private final class Program: WorkerProcess {
    private struct State {
        var process: pid_t?
        var isOver = false
        /// Whether it is to end as soon as it has begun.
        var isUnwanted = false
    }

    let address: String
    private let state = Mutex(State())
    /// How long a program that was asked to end may take.
    private static let grace = 5.0

    init(address: String) { self.address = address }

    func begin(_ process: pid_t) {
        let isUnwanted = state.withLock { state in
            state.process = process
            return state.isUnwanted
        }
        if isUnwanted { kill(process, SIGKILL) }
    }

    func finish() { state.withLock { $0.isOver = true } }

    func park() { send(SIGSTOP) }
    func wake() { send(SIGCONT) }

    func end() {
        state.withLock { $0.isUnwanted = true }
        send(SIGTERM)
        // A parked one has to wake to end.
        send(SIGCONT)
        DispatchQueue.global().asyncAfter(deadline: .now() + Self.grace) { self.send(SIGKILL) }
    }

    /// Only while it has not been waited for: another process may have its number later.
    private func send(_ signal: Int32) {
        state.withLock { state in
            if let process = state.process, !state.isOver { kill(process, signal) }
        }
    }
}
