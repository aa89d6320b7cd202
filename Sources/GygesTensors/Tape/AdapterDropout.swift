import GygesKernels

/// What decides which inputs of an adapter the rows of a pass leave out.
///
/// A row draws by the part of the data that it belongs to and its place in it, not by its place in a pass: what a step leaves out depends
/// neither on how many passes it is cut into nor on how many processes share it, and a run that is resumed leaves out the same.
public struct DropoutSeeds: Sendable, Equatable {
    private var rows: [UInt64]
    /// The rows that a head reads.
    private var selected: [Int] = []

    /// One seed for a pass that is a single part.
    public init(_ seed: UInt64 = 0) { rows = [seed] }

    /// A seed for each part of a pass, in the order of their rows.
    ///
    /// - Parameter selected: The rows that a head reads, where it does not read all.
    /// - Complexity: O(rows).
    public init(parts: [(seed: UInt64, rowCount: Int)], selected: [Int] = []) {
        self.selected = selected
        rows = parts.flatMap { part in
            let bits = KeyedBits(seed: part.seed)
            return (0..<part.rowCount).map { bits.bits(at: UInt64($0)) }
        }
        if rows.isEmpty { rows = [0] }
    }

    /// What a row draws from: a row of the pass, or one of those that a head reads.
    func bits(ofRow row: Int, of rowCount: Int) -> KeyedBits {
        if rowCount == rows.count { return KeyedBits(seed: rows[row]) }
        if rowCount == selected.count, selected[row] < rows.count { return KeyedBits(seed: rows[selected[row]]) }
        // Of a pass without parts, or a block of a head's rows: by the place in it.
        return KeyedBits(seed: rows[0]).branch(UInt64(row))
    }
}

/// Which elements of an adapter's input are left out.
struct AdapterDropout {
    private let share: Double
    private let factor: Float
    private let seeds: DropoutSeeds
    private let key: UInt64

    init(share: Float, seeds: DropoutSeeds, path: ParameterPath) {
        self.share = Double(share)
        factor = 1 / (1 - share)
        self.seeds = seeds
        key = path.key
    }

    /// Leaves elements out and scales the others.
    func apply(to x: Activation, team: ThreadTeam) {
        nonisolated(unsafe) let x = x
        team.run(parts: x.rows) { row in
            let bits = seeds.bits(ofRow: row, of: x.rows).branch(key)
            let elements = x.row(row)
            for column in elements.indices {
                let isLeftOut = bits.fraction(at: UInt64(column)) < share
                elements[column] = isLeftOut ? 0 : elements[column] * factor
            }
        }
    }
}
