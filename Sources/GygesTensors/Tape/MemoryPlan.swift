public import GygesKernels

/// How much memory the activations of a pass take, before it is run.
///
/// All that a tape keeps are matrices with a row for each token, but for the logits of a loss, which have a bound of their own. Two passes
/// of a few rows therefore tell what a pass of any number takes. What optimizer, parameters and ``Gradients`` take does not depend on
/// rows and is not part of it; nor are the few megabytes that threads lay operands out in.
public struct MemoryPlan: Sendable, Equatable {
    /// The bytes of activations and their gradients that every row adds to the peak.
    public let bytesPerRow: Double
    /// The bytes that a pass takes whatever its rows, those of logits included.
    public let fixedByteCount: Int

    /// Measures two passes.
    ///
    /// - Parameters:
    ///   - options: Those of the passes that are planned.
    ///   - rows: The rows of both passes, the second more than the first: enough of each kind of row (supervised ones, say) for
    ///     their share to be that of the passes that are planned.
    ///   - pass: Runs a model on a tape with a batch of so many rows, ``Tape/backward()`` included. Its gradients are of no use.
    /// - Complexity: That of both passes.
    public init<Failure: Error>(
        options: TapeOptions, gradients: Gradients, team: ThreadTeam, rows: (Int, Int),
        pass: (Tape, Int) throws(Failure) -> Void
    ) throws(Failure) {
        guard 0 < rows.0, rows.0 < rows.1 else { fatalError("a plan needs passes of two sizes, not of \(rows)") }
        var rowByRow = options
        rowByRow.logitByteCount = 0
        func peak(_ rows: Int) throws(Failure) -> Int {
            let tape = Tape(gradients: gradients, options: rowByRow, team: team)
            try pass(tape, rows)
            return tape.peakByteCount
        }
        let (small, large) = (try peak(rows.0), try peak(rows.1))
        bytesPerRow = Double(large - small) / Double(rows.1 - rows.0)
        let rest = Double(small) - bytesPerRow * Double(rows.0)
        fixedByteCount = max(0, Int(rest.rounded(.up))) + options.logitByteCount
    }

    /// The bytes that a pass of so many rows takes at most.
    public func byteCount(rows: Int) -> Int { fixedByteCount + Int((bytesPerRow * Double(rows)).rounded(.up)) }

    /// The most rows of a pass that stays within so many bytes: 0 if none does. What is more than that is cut into several
    /// passes, whose gradients add up.
    public func mostRows(within byteCount: Int) -> Int {
        guard byteCount > fixedByteCount else { return 0 }
        guard bytesPerRow > 0 else { return .max }
        return Int(min(Double(byteCount - fixedByteCount) / bytesPerRow, 1e15))
    }
}
