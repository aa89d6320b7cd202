import GygesFiles
import Synchronization

/// Inputs that could not be answered: each is named once, on standard error, while the others go on.
final class RowProblems: Sendable {
    private let count = Mutex(0)
    private let bar: ProgressBar

    /// How many are named: a file of the wrong form would have as many as lines.
    private static let namedLimit = 20

    /// Creates an empty list; names go where `bar` shows progress.
    init(_ bar: ProgressBar) { self.bar = bar }

    /// Takes in a problem that names its place.
    func note(_ problem: String) {
        let count = count.withLock { count in
            count += 1
            return count
        }
        guard count <= Self.namedLimit else { return }
        bar.remark("gyges: \(problem)")
        if count == Self.namedLimit { bar.remark("gyges: further inputs that cannot be answered are not named") }
    }

    /// Ends the command with status 1 if there was a problem.
    ///
    /// - Throws: ``Failed``
    func check() throws {
        let count = count.withLock { $0 }
        if count > 0 { throw Failed(count: count) }
    }

    /// That some inputs could not be answered.
    struct Failed: Error, CustomStringConvertible {
        let count: Int

        var description: String {
            "\(count) input\(count == 1 ? "" : "s") could not be answered; all others were."
        }
    }
}
