import ArgumentParser
import Foundation
import GygesFiles
import GygesInference

/// The one place where an error becomes text and an exit status.
///
/// Status 0 is success, 1 a failure of what was asked for, 64 (`EX_USAGE`) a command line that cannot be understood.
struct Failure {
    /// What standard error, or for a request for help standard output, receives.
    let text: String
    /// The exit status.
    let status: Int32

    /// Describes an error thrown by a command.
    init(_ error: any Error) {
        switch error {
        case let error as FileError:
            text = "gyges: \(error)"
            status = 1
        case is CancellationError, EngineError.cancelled:
            text = "gyges: interrupted"
            status = 130
        default:
            let code = Gyges.exitCode(for: error)
            // Help, version and usage are the parser's; whatever else reaches this place prints as it describes itself.
            text =
                code == .failure && !(error is ExitCode) ? "gyges: \(error)" : Gyges.fullMessage(for: error)
            status = code.rawValue
        }
    }

    /// Prints the text and ends the process.
    func exit() -> Never {
        guard !text.isEmpty else { Foundation.exit(status) }
        if status == 0 {
            do { try Output.write(text + "\n") } catch { Failure(error).exit() }
        } else {
            Terminal.writeError(text + "\n")
        }
        Foundation.exit(status)
    }
}
