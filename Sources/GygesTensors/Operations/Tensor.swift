/// A matrix of activations `[rows, columns]` that has one owner: rows are tokens, columns channels.
///
/// Operations say in their signatures what becomes of it. One that is `borrowing` only reads it. One that is `consuming`
/// takes it: its memory may be overwritten, hold the result or be freed, and the compiler refuses every later use. It
/// cannot be copied, so that a formula reads as what it does to memory, and an interpreter that records what it is given may
/// keep it without another part of the formula changing it.
public struct Tensor<Storage>: ~Copyable {
    /// The number of rows: tokens.
    public let rows: Int
    /// The number of columns: channels.
    public let columns: Int
    /// What its interpreter keeps it in.
    ///
    /// For interpreters, and for reading results. A reference that is taken out of a tensor must not be used any more once
    /// the tensor was consumed: the compiler does not see that.
    public let storage: Storage

    /// Gives `storage`, which nobody else uses, its shape and its owner.
    public init(_ storage: Storage, rows: Int, columns: Int) {
        self.storage = storage
        self.rows = rows
        self.columns = columns
    }
}

/// Two tensors that were computed together.
@frozen public struct TensorPair<Storage>: ~Copyable {
    /// The first that was asked for.
    public var first: Tensor<Storage>
    /// The second.
    public var second: Tensor<Storage>

    /// Puts a pair together.
    public init(first: consuming Tensor<Storage>, second: consuming Tensor<Storage>) {
        self.first = first
        self.second = second
    }
}

/// Three tensors that were computed together.
@frozen public struct TensorTriple<Storage>: ~Copyable {
    /// The first that was asked for.
    public var first: Tensor<Storage>
    /// The second.
    public var second: Tensor<Storage>
    /// The third.
    public var third: Tensor<Storage>

    /// Puts three together.
    public init(
        first: consuming Tensor<Storage>, second: consuming Tensor<Storage>, third: consuming Tensor<Storage>
    ) {
        self.first = first
        self.second = second
        self.third = third
    }
}

/// Tensors that were computed together, in the order in which they were asked for. Arrays cannot hold what cannot be copied.
public struct TensorList<Storage>: ~Copyable {
    private var storages: [Storage]
    private var shapes: [(rows: Int, columns: Int)]

    /// Creates an empty list.
    public init() { (storages, shapes) = ([], []) }

    /// The number of tensors left.
    public var count: Int { storages.count }

    /// Adds a tensor at the end.
    public mutating func append(_ tensor: consuming Tensor<Storage>) {
        shapes.append((tensor.rows, tensor.columns))
        storages.append(tensor.storage)
    }

    /// Takes the first tensor out.
    ///
    /// - Precondition: There is one.
    public mutating func removeFirst() -> Tensor<Storage> {
        let shape = shapes.removeFirst()
        return Tensor(storages.removeFirst(), rows: shape.rows, columns: shape.columns)
    }
}
