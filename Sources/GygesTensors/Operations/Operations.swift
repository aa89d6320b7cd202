/// The coarse operations that models are written in.
///
/// A model is one file written once against this protocol; an interpreter decides what happens. ``EagerOperations``
/// computes at once on the CPU with reused memory and quantised weights. An interpreter that records
/// vector-Jacobian products (training) or that drives another device fits the same protocol.
///
/// The contract is the signatures. Activations are ``Tensor``s `[rows, channels]` with one owner:
///
/// * what is `borrowing` has the same elements afterwards;
/// * what is `consuming` may have been overwritten and is never read again;
/// * a result belongs to the caller alone. It may lie in the memory of a consumed argument and in no other.
///
/// An operation depends on its arguments alone: which rows belong together is what `batch` says, and what came before them
/// is in `cache`. Parameters come with their ``ParameterPath``, by which a recorder knows them again; a parameter that is used
/// twice, such as an embedding that is also the head, has one path. Shapes that do not agree are mistakes of the model's
/// formula, for which an interpreter stops the program.
public protocol Operations {
    /// What the interpreter keeps an activation in.
    associatedtype Storage
    /// A weight matrix `[outputs, inputs]`.
    associatedtype Matrix
    /// A weight vector `[channels]`: a gain or a bias.
    associatedtype Vector
    /// Keys and values of earlier passes.
    associatedtype Cache: AttentionCache

    /// An activation matrix `[rows, channels]`.
    typealias Value = Tensor<Storage>

    // MARK: Rows

    /// Looks up rows of `table` `[vocabulary, channels]`, giving `[tokens.count, channels]`.
    func embedding(_ tokens: [Int32], table: Parameter<Matrix>) -> Value

    /// The rows `indices` of `x`, in that order, copied: `[indices.count, columns]`. A row may be taken more than once.
    func rows(_ x: borrowing Value, at indices: [Int]) -> Value

    /// One row for each run of rows of `x`: what they have in common, channel by channel; zeros for an empty run.
    func pooled(_ x: borrowing Value, over runs: [Range<Int>], by pooling: RowPooling) -> Value

    /// A matrix of zeros.
    func zeros(rows: Int, columns: Int) -> Value

    // MARK: Products

    /// Multiplies `x` `[rows, inputs]`, normed if there is a norm, by each projection: `[rows, outputs]` for each, in their
    /// order.
    ///
    /// All projections that read the same input are asked for together, so that preparing it (the norm, quantisation) is
    /// shared.
    func linear(
        _ x: borrowing Value, normedBy norm: Normalization<Vector>?, _ projections: [Projection<Matrix, Vector>]
    ) -> TensorList<Storage>

    /// `residual + projection(x)`: `[rows, outputs]`, for `x` `[rows, inputs]`. The projection's terms may be added to the
    /// residual one by one.
    func linear(
        _ x: borrowing Value, _ projection: Projection<Matrix, Vector>, addedTo residual: consuming Value
    ) -> Value

    /// A gated linear unit (Shazeer 2020): `down(activation(gate(x)) · up(x))`, where `x` `[rows, hidden]` is normed first if
    /// there is a norm.
    func gatedLinear(
        _ x: borrowing Value, normedBy norm: Normalization<Vector>?, through unit: GatedUnit<Matrix, Vector>
    ) -> Value

    /// `x + down(activation(gate(n)) · up(n))`, `n` being `x` normed if there is a norm.
    ///
    /// The residual is the input: it is read whole before it is overwritten, and consumed.
    func gatedLinear(
        addedTo x: consuming Value, normedBy norm: Normalization<Vector>?, through unit: GatedUnit<Matrix, Vector>
    ) -> Value

    // MARK: Attention

    /// Causal grouped-query attention of `queries` `[rows, heads · d]` over the keys and values of their sequences: those
    /// given, `[rows, keyValueHeads · d]`, and those of earlier passes.
    ///
    /// Queries and keys come unrotated: each head is rotated by the angles of its place (rotary position embedding, Su et
    /// al. 2021) as its sequence's encoding says.
    ///
    /// - Parameters:
    ///   - batch: Which rows are which sequence's, and where they stand in it.
    ///   - cache: This layer's keys and values of earlier passes, to which this pass's are added. Without one every sequence
    ///     begins at position 0.
    ///   - encoding: How sequences of the batch are placed that bring no encoding; `nil` for a layer in which positions do not
    ///     count: nothing is rotated, whatever encoding a sequence brings.
    func attention(
        queries: consuming Value, keys: consuming Value, values: consuming Value, in batch: PackedBatch,
        cache: Cache.Layer?, shape: AttentionShape, encoding: PositionEncoding?
    ) -> Value

    /// Attention within the batch's sequences in which every position sees both sides, over keys and values
    /// `[rows, heads · d]` of this pass alone.
    ///
    /// - Parameters:
    ///   - queries: As projected, `[rows, heads · d]`, one for each of the chosen rows.
    ///   - rows: The batch's rows that the queries belong to, ascending; `nil` for all.
    ///   - batch: Which rows are which sequence's, and which of them are attended to.
    func bidirectionalAttention(
        queries: consuming Value, at rows: [Int]?, keys: consuming Value, values: consuming Value,
        in batch: PackedBatch, as attention: EncoderAttention
    ) -> Value

    // MARK: Element by element

    /// Each row of `x` normed or, with a norm of fewer channels, each head of a row: every run of as many channels.
    func normed(_ x: borrowing Value, by norm: Normalization<Vector>) -> Value

    /// Each element of `x` through a function.
    func activated(_ x: consuming Value, _ function: ElementFunction) -> Value

    /// Each row of `x` divided by its L2 norm, or by 1e-12 if that is more: rows of zeros stay.
    func l2Normalized(_ x: consuming Value) -> Value

    /// Each row of `x` times the sigmoid of its score in `scores` `[rows, 1]`.
    func sigmoidScaled(_ x: consuming Value, by scores: borrowing Value) -> Value

    /// `x + y`, of the same shape.
    func add(_ x: borrowing Value, to y: consuming Value) -> Value

    // MARK: Mixtures of experts

    /// Decides which experts each row is given to: the `countPerToken` with the highest softmax of its `scores`
    /// `[rows, experts]`, weighted by those probabilities (divided by their sum if `normalises`). Of equally probable
    /// experts the first is taken.
    func route(_ scores: consuming Value, countPerToken: Int, normalises: Bool) -> Routing<Storage>

    /// Adds what an expert made of its rows, each times its weight, to those rows of `sum` `[rows, channels]`.
    ///
    /// - Parameters:
    ///   - part: A row for each of `routing.rows[expert]`, in their order.
    func scatter(
        _ part: borrowing Value, of expert: Int, by routing: borrowing Routing<Storage>, addedTo sum: consuming Value
    ) -> Value

    // MARK: Layers

    /// Computes a layer: `body(x)`.
    ///
    /// An interpreter may keep `x` alone of all that the layer computes, and call `body` again when it needs the rest
    /// (activation checkpointing, Chen et al. 2016). `body` therefore gives the same whenever it is called, and holds on to no
    /// activation. It is not called again where attention has a cache.
    func layer(_ index: Int, of x: consuming Value, _ body: @escaping (consuming Value) -> Value) -> Value
}

extension Operations {
    /// Calls `body` once and keeps nothing.
    public func layer(
        _ index: Int, of x: consuming Value, _ body: @escaping (consuming Value) -> Value
    ) -> Value {
        body(x)
    }

    /// One projection of `x`, normed first if there is a norm: `[rows, outputs]`.
    public func linear(
        _ x: borrowing Value, normedBy norm: Normalization<Vector>? = nil, _ projection: Projection<Matrix, Vector>
    ) -> Value {
        var results = linear(x, normedBy: norm, [projection])
        return results.removeFirst()
    }

    /// Two projections of `x` that share what its preparation costs.
    public func linear(
        _ x: borrowing Value, normedBy norm: Normalization<Vector>? = nil, _ first: Projection<Matrix, Vector>,
        _ second: Projection<Matrix, Vector>
    ) -> TensorPair<Storage> {
        var results = linear(x, normedBy: norm, [first, second])
        return TensorPair(first: results.removeFirst(), second: results.removeFirst())
    }

    /// Three projections of `x` that share what its preparation costs.
    public func linear(
        _ x: borrowing Value, normedBy norm: Normalization<Vector>? = nil, _ first: Projection<Matrix, Vector>,
        _ second: Projection<Matrix, Vector>, _ third: Projection<Matrix, Vector>
    ) -> TensorTriple<Storage> {
        var results = linear(x, normedBy: norm, [first, second, third])
        return TensorTriple(
            first: results.removeFirst(), second: results.removeFirst(), third: results.removeFirst())
    }

    /// The rows of `x` that chose an expert, in the order of ``Routing/rows``.
    public func gather(
        _ x: borrowing Value, for expert: Int, by routing: borrowing Routing<Storage>
    ) -> Value {
        rows(x, at: routing.rows[expert])
    }
}
