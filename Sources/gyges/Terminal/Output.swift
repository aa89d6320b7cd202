import Foundation
import GygesFiles
import Synchronization

/// Standard output. All that commands print goes through here, so that nothing is lost unnoticed: a full device or a
/// closed output ends the program with an error, whichever command wrote last.
enum Output {
    /// Why the first write that failed did so (`errno`). Nothing is written after it.
    private static let failure = Mutex<Int32?>(nil)

    /// Prepares the standard streams; to be called before anything else is.
    ///
    /// Of those that were given closed, the numbers are taken, so that no file that is opened later is written what was
    /// meant for a person.
    static func prepare() {
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) < 0 {
            // Readable only, so that writing to it fails as it should; errors have nowhere else to go.
            _ = open("/dev/null", descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY)
        }
        _ = diesOfClosedPipe
    }

    /// Whether a closed pipe ends this process silently, as usual in a shell (`gyges … | head`). Asked at the start, because
    /// libraries for networks turn that off.
    private static let diesOfClosedPipe: Bool = {
        var action = sigaction()
        return sigaction(SIGPIPE, nil, &action) == 0 && action.__sigaction_handler.sa_handler == nil
    }()

    /// Writes text at once, without waiting for the end of a line.
    ///
    /// - Throws: ``FileError`` if this or an earlier write failed.
    static func write(_ text: String) throws(FileError) { try write(Array(text.utf8)) }

    /// Writes bytes at once.
    ///
    /// - Throws: ``FileError`` if this or an earlier write failed.
    static func write(_ bytes: [UInt8]) throws(FileError) {
        append(bytes)
        try check()
    }

    /// Writes bytes at once; a failure is kept for ``check()``.
    static func append(_ bytes: [UInt8]) {
        failure.withLock { failure in
            if failure == nil { failure = writeAll(bytes) }
        }
    }

    /// Makes sure that all that was printed so far was written.
    ///
    /// - Throws: ``FileError`` if it was not.
    static func check() throws(FileError) {
        guard let code = failure.withLock({ $0 }) else { return }
        throw FileError(
            "standard output", "cannot be written: \(String(cString: strerror(code)))",
            remedy: code == ENOSPC
                ? "Free some space, or write to another place." : "Check where the output is sent to.")
    }

    /// Ends the process as the system does for a write to a closed pipe, whatever was done to the signal since the start.
    private static func dieOfClosedPipe() {
        signal(SIGPIPE, SIG_DFL)
        var closedPipe = sigset_t()
        sigemptyset(&closedPipe)
        sigaddset(&closedPipe, SIGPIPE)
        pthread_sigmask(SIG_UNBLOCK, &closedPipe, nil)
        raise(SIGPIPE)
    }

    /// The `errno` of the write that failed; `nil` if none did.
    private static func writeAll(_ bytes: [UInt8]) -> Int32? {
        bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Foundation.write(
                    STDOUT_FILENO, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count >= 0 {
                    rest = rest.dropFirst(count)
                } else if errno == EAGAIN {
                    // Whoever gave the output may have set it not to wait.
                    var wanted = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
                    _ = poll(&wanted, 1, -1)
                } else if errno == EPIPE, diesOfClosedPipe {
                    dieOfClosedPipe()
                    return EPIPE
                } else if errno != EINTR {
                    return errno
                }
            }
            return nil
        }
    }
}

/// Prints a line to standard output.
///
/// Takes the place of Swift's own `print`, which loses without a word what a full device does not take. Here a failure
/// ends the program when the command is done (``Output/check()``); what should end sooner uses ``Output/write(_:)-(String)``.
func print(_ value: some CustomStringConvertible, terminator: String = "\n") {
    Output.append(Array((value.description + terminator).utf8))
}
