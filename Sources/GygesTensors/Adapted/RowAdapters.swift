/// The adapters of a model's projections, by the paths of their weights: what the rows of one request go through.
public typealias ProjectionAdapters = [ParameterPath: LowRankAdapter<WeightMatrix>]

/// Which rows of an activation have which adapters.
final class RowAdapters {
    /// The rows of one adapter, ascending.
    struct Group {
        var adapter: Int
        var rows: [Int]
    }

    /// For each row the number of its adapter; `nil` for none.
    private let owners: [Int?]
    /// The rows that have adapters.
    private(set) lazy var groups: [Group] = {
        var groups: [Group] = []
        for (row, owner) in owners.enumerated() {
            guard let owner else { continue }
            if let index = groups.firstIndex(where: { $0.adapter == owner }) {
                groups[index].rows.append(row)
            } else {
                groups.append(Group(adapter: owner, rows: [row]))
            }
        }
        return groups
    }()

    init(_ owners: [Int?]) { self.owners = owners }

    /// The number of rows.
    var count: Int { owners.count }

    /// Those of some of the rows.
    func rows(at indices: [Int]) -> RowAdapters { RowAdapters(indices.map { owners[$0] }) }
}

/// An activation of a pass in which rows have adapters of their own.
public struct AdaptedActivation {
    /// The elements.
    public let activation: Activation
    /// Whose rows they are; `nil` for what no projection reads, such as weights of experts.
    let adapters: RowAdapters?
}

extension Tensor<AdaptedActivation> {
    /// The elements of one row, while the tensor lives.
    public func row(_ index: Int) -> UnsafeMutableBufferPointer<Float> { storage.activation.row(index) }

    /// The elements, for the interpreter below: to be read while this tensor lives, or to be consumed with it.
    ///
    /// Not inlined: the optimiser of Swift 6.3.1 would make a tensor of what it only borrows, and stop.
    @inline(never) var plain: Tensor<Activation> { Tensor<Activation>(storage.activation) }

    /// A result of the interpreter below, with what is known of its rows. Not inlined, for the same reason.
    @inline(never) init(_ plain: consuming Tensor<Activation>, _ adapters: RowAdapters?) {
        let (rows, columns) = (plain.rows, plain.columns)
        self.init(AdaptedActivation(activation: plain.storage, adapters: adapters), rows: rows, columns: columns)
    }
}

extension Routing<AdaptedActivation> {
    /// The same choice for the interpreter below. Not inlined, for the same reason.
    @inline(never) borrowing func plain() -> Routing<Activation> {
        Routing<Activation>(rows: rows, weights: weights.plain)
    }
}

extension Routing<Activation> {
    /// The same choice for the interpreter above: weights are nobody's rows. Not inlined, for the same reason.
    @inline(never) borrowing func adapted() -> Routing<AdaptedActivation> {
        Routing<AdaptedActivation>(
            rows: rows,
            weights: Tensor(
                AdaptedActivation(activation: weights.storage, adapters: nil), rows: weights.rows,
                columns: weights.columns))
    }
}
