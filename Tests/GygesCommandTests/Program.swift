import Foundation
import GygesTestSupport

/// The built program, run as a user runs it.
enum Program {
    /// How a run ended.
    struct Outcome {
        /// The exit status; negative for the signal that ended it.
        var status: Int32
        var output: String
        var errors: String
        /// The processor's time, which a busy or paused machine does not lengthen.
        var seconds: Double
        /// The most memory that was resident, in bytes.
        var peakMemory: Int
    }

    /// Where the package manager put it: beside the tests.
    static let path = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path + "/gyges"

    /// Forks, gives the child the signals that a shell would, runs what its arguments from the second on name, and writes to the file that the first names: the wait
    /// status, the seconds of processor time, the peak of resident memory in KiB.
    ///
    /// The tests cannot ask for that peak themselves: they start processes by `vfork`, and Linux counts the memory that a
    /// process shared with its parent before `exec`, which here is all that the tests hold, as the process's own.
    ///
    /// `DESCRIPTOR_LIMIT` in the environment bounds how many files the program may open, the three standard streams among them; what whoever
    /// started the tests left open is closed first, or it would count, too.
    private static let launcher = """
        import os, resource, signal, sys
        limit = os.environ.get("DESCRIPTOR_LIMIT")
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, [])
            if limit:
                os.closerange(3, 1024)
                resource.setrlimit(resource.RLIMIT_NOFILE, (int(limit), int(limit)))
            os.execv(sys.argv[2], sys.argv[2:])
        _, status, usage = os.wait4(child, 0)
        with open(sys.argv[1], "w") as outcome:
            outcome.write(f"{status} {usage.ru_utime + usage.ru_stime} {usage.ru_maxrss}")
        """

    /// Runs a script of bash to its end; `$0` is the program, `$1` and so on are the arguments.
    static func shell(_ script: String, _ arguments: [String]) throws -> Outcome {
        try run(["-c", script, path] + arguments, executable: "/bin/bash")
    }

    /// Runs the program, or another one, to its end. Packed copies of the tests' models stay out of the user's cache.
    static func run(
        _ arguments: [String], input: String = "", environment: [String: String] = [:], executable: String = path
    ) throws -> Outcome {
        let folder = try TemporaryFolder()
        let names = ["input", "output", "errors", "outcome"].map { folder.path + "/" + $0 }
        try Data(input.utf8).write(to: URL(fileURLWithPath: names[0]))
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, names[0], O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, names[1], O_WRONLY | O_CREAT, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, names[2], O_WRONLY | O_CREAT, 0o600)
        let variables = ProcessInfo.processInfo.environment.merging(["GYGES_PACKED": "off"]) { $1 }
            .merging(environment) { $1 }
        let argumentTexts = (["python3", "-c", launcher, names[3], executable] + arguments).map { strdup($0) } + [nil]
        let variableTexts = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in argumentTexts + variableTexts { free(text) } }

        var process: pid_t = 0
        guard posix_spawnp(&process, "python3", &actions, nil, argumentTexts, variableTexts) == 0 else {
            throw CocoaError(.executableNotLoadable)
        }
        while waitpid(process, nil, 0) < 0, errno == EINTR {}
        func text(_ name: String) -> String { (try? String(contentsOfFile: name, encoding: .utf8)) ?? "" }
        let numbers = text(names[3]).split(separator: " ")
        guard numbers.count == 3, let status = Int32(numbers[0]), let seconds = Double(numbers[1]),
            let peak = Int(numbers[2])
        else { throw CocoaError(.fileReadCorruptFile) }
        return Outcome(
            status: status & 0x7F == 0 ? (status >> 8) & 0xFF : -(status & 0x7F), output: text(names[1]),
            errors: text(names[2]), seconds: seconds, peakMemory: peak * 1024)
    }
}
