import Foundation

/// What a stream leads to.
struct Terminal: Sendable {
    /// Whether a person watches, so that a line may be redrawn.
    var isInteractive: Bool
    /// The number of columns.
    var width: Int

    /// Standard error, where progress goes, so that standard output holds results alone.
    static func standardError(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> Terminal {
        var size = winsize()
        let hasSize = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        let width = hasSize ? Int(size.ws_col) : environment["COLUMNS"].flatMap(Int.init) ?? 80
        return Terminal(isInteractive: isatty(STDERR_FILENO) == 1 && environment["TERM"] != "dumb", width: width)
    }

    /// Whether standard output may have colours: a person watches and did not ask for none (`NO_COLOR`).
    static func showsColours(environment: [String: String] = ProcessInfo.processInfo.environment) -> Bool {
        isatty(STDOUT_FILENO) == 1 && environment["TERM"] != "dumb" && environment["NO_COLOR", default: ""].isEmpty
    }

    /// Writes to standard error.
    static func writeError(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }
}
