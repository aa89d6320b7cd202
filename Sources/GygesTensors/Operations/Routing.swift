/// Which experts of a mixture each row is given to, and with what weights.
///
/// The choice is plain data; the weights are a tensor, so that gradients flow through them to the router's scores.
public struct Routing<Storage>: ~Copyable {
    /// For each expert the rows that chose it, ascending; empty for one that nobody chose.
    public let rows: [[Int]]
    /// The weights `[choices, 1]`: one expert after another, each in the order of its ``rows``.
    public let weights: Tensor<Storage>
    private let starts: [Int]

    /// Puts a choice and its weights together.
    ///
    /// - Precondition: `weights` has a row for each choice.
    public init(rows: [[Int]], weights: consuming Tensor<Storage>) {
        self.rows = rows
        self.weights = weights
        var starts: [Int] = []
        starts.reserveCapacity(rows.count)
        var start = 0
        for rows in rows {
            starts.append(start)
            start += rows.count
        }
        self.starts = starts
    }

    /// The experts that some row chose, ascending: the order in which what they make is added up, so that rows with the same
    /// experts add in the same order whatever other rows there are.
    public var chosenExperts: [Int] { rows.indices.filter { !rows[$0].isEmpty } }

    /// The rows of ``weights`` that are an expert's.
    public func weightRows(of expert: Int) -> Range<Int> { starts[expert]..<starts[expert] + rows[expert].count }
}
