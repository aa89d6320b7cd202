#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Runs a program and hands its standard output over piece by piece.
///
/// The program stays in this process's group, so that Ctrl-C on a terminal ends both, unless it is given one of its own.
package struct Subprocess {
    /// How a program ended and the last it said.
    package struct Outcome {
        /// The exit status; 128 plus the signal's number if a signal ended it.
        package var status: Int32
        /// The end of its standard error, at most 4 KiB.
        package var complaint: String
    }

    /// The program, looked up in `PATH`, and its arguments.
    package var command: [String]
    /// The environment, `PATH` included.
    package var environment: [String: String]
    /// Whether the program has a process group of its own: what a terminal sends to this one's does not reach it.
    package var hasOwnGroup: Bool

    /// Names a program.
    package init(command: [String], environment: [String: String], hasOwnGroup: Bool = false) {
        self.command = command
        self.environment = environment
        self.hasOwnGroup = hasOwnGroup
    }

    /// Runs the program to its end.
    ///
    /// - Parameters:
    ///   - input: what it reads from standard input; nothing if empty.
    ///   - output: receives standard output; if it throws, the program is ended and the error passed on.
    ///   - tick: called about five times a second.
    ///   - started: gets the process's number once there is one; it is the process's until this returns.
    /// - Throws: ``FileError`` if the program cannot be started, or what `output` throws.
    package func run(
        input: [UInt8] = [],
        output: (UnsafeRawBufferPointer) throws(FileError) -> Void = { _ throws(FileError) in }, tick: () -> Void = {},
        started: (Int32) -> Void = { _ in }
    ) throws(FileError) -> Outcome {
        let (process, standardOutput, standardError) = try start(input)
        started(process)
        defer {
            close(standardOutput)
            close(standardError)
        }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { buffer.deallocate() }
        var complaint: [UInt8] = []
        var streams = [standardOutput, standardError].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        while streams.contains(where: { $0.fd >= 0 }) {
            guard poll(&streams, 2, 200) >= 0 || errno == EINTR else { break }
            tick()
            for index in streams.indices where streams[index].fd >= 0 && streams[index].revents != 0 {
                let count = Glibc.read(streams[index].fd, buffer.baseAddress, buffer.count)
                guard count > 0 else {
                    if count == 0 || errno != EINTR { streams[index].fd = -1 }
                    continue
                }
                let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
                if index == 0 {
                    do { try output(bytes) } catch {
                        kill(process, SIGKILL)
                        _ = wait(for: process)
                        throw error
                    }
                } else {
                    complaint = Array((complaint + bytes).suffix(4096))
                }
            }
        }
        return Outcome(status: wait(for: process), complaint: String(decoding: complaint, as: UTF8.self))
    }

    private func start(_ input: [UInt8]) throws(FileError) -> (process: pid_t, output: Int32, error: Int32) {
        let output = try makePipe()
        defer { close(output.writing) }
        let error: (reading: Int32, writing: Int32)
        do { error = try makePipe() } catch {
            close(output.reading)
            throw error
        }
        defer { close(error.writing) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let source = input.isEmpty ? -1 : try file(of: input)
        defer { if source >= 0 { close(source) } }
        if source >= 0 {
            posix_spawn_file_actions_adddup2(&actions, source, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        posix_spawn_file_actions_adddup2(&actions, output.writing, 1)
        posix_spawn_file_actions_adddup2(&actions, error.writing, 2)

        // The threads of a pool block signals; a program that inherited this could not be interrupted.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var noSignals = sigset_t()
        sigemptyset(&noSignals)
        posix_spawnattr_setsigmask(&attributes, &noSignals)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK) | (hasOwnGroup ? Int16(POSIX_SPAWN_SETPGROUP) : 0))

        // Through env, so that the program is looked up in the given PATH and not in this process's.
        let arguments = (["/usr/bin/env"] + command).map { strdup($0) } + [nil]
        let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var process: pid_t = 0
        let code = posix_spawn(&process, "/usr/bin/env", &actions, &attributes, arguments, variables)
        guard code == 0 else {
            close(output.reading)
            close(error.reading)
            throw failure(command[0], "cannot be started", code: code)
        }
        return (process, output.reading, error.reading)
    }

    /// A file without a name that holds these bytes, read from its beginning: a pipe would have to be filled while the output is read.
    private func file(of bytes: [UInt8]) throws(FileError) -> Int32 {
        let folder = environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        let path = "\(folder)/.gyges-\(getpid())-\(String(UInt64.random(in: .min ... .max), radix: 36))"
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(folder, "cannot be written") }
        unlink(path)
        guard bytes.withUnsafeBytes({ writeAll($0, to: descriptor) }), lseek(descriptor, 0, SEEK_SET) == 0 else {
            defer { close(descriptor) }
            throw failure(folder, "cannot be written")
        }
        return descriptor
    }

    /// An error about the last system call, or one of this code.
    private func failure(_ path: String, _ problem: String, code: Int32 = errno) -> FileError {
        FileError(
            path, "\(problem): \(String(cString: strerror(code)))",
            remedy: "Check the path, the disk and how many processes may run, then try again.")
    }

    /// A pipe whose ends no other child inherits.
    private func makePipe() throws(FileError) -> (reading: Int32, writing: Int32) {
        var ends: (Int32, Int32) = (-1, -1)
        let isOpen = withUnsafeMutableBytes(of: &ends) { pipe($0.assumingMemoryBound(to: Int32.self).baseAddress) == 0 }
        guard isOpen, fcntl(ends.0, F_SETFD, FD_CLOEXEC) == 0, fcntl(ends.1, F_SETFD, FD_CLOEXEC) == 0 else {
            throw failure(command[0], "cannot be started")
        }
        return ends
    }

    private func wait(for process: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
    }
}
