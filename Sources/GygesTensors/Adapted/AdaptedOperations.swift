import GygesKernels

/// Computes a pass whose rows have different adapters, or none, over one base: what the base computes is computed for all rows together,
/// so that its weights are read once, and each adapter's term for its own rows.
///
/// What a row is belongs to its activation and follows it: rows that are taken out of a batch, for the head or for an expert, keep
/// their adapter. What stands beside the base's own projections is part of the base. A row has the bits that it has with its adapter beside the weights of
/// ``EagerOperations``, and a row without one the bits of the base. Not `Sendable`, as the interpreter below.
public final class AdaptedOperations: Operations {
    /// Memory of the interpreter below, and whose rows lie in it.
    public typealias Storage = AdaptedActivation
    /// Stored and packed weights.
    public typealias Matrix = WeightMatrix
    /// Gains and biases in f32.
    public typealias Vector = WeightVector
    /// Pages of the caller's.
    public typealias Cache = KeyValueBinding

    private typealias Map = Projection<WeightMatrix, WeightVector>

    private let base: EagerOperations
    private let adapters: [ProjectionAdapters]
    private let batchRows: RowAdapters

    /// Begins a pass.
    ///
    /// - Parameters:
    ///   - adapters: The adapters of the pass.
    ///   - owners: For each row of the batch the place of its adapter in `adapters`; `nil` for none.
    public init(_ base: EagerOperations, adapters: [ProjectionAdapters], owners: [Int?]) {
        self.base = base
        self.adapters = adapters
        batchRows = RowAdapters(owners)
    }

    // MARK: Rows

    /// Looks up the rows of the batch: what a model begins with.
    public func embedding(_ tokens: [Int32], table: Parameter<WeightMatrix>) -> Value {
        guard tokens.count == batchRows.count else {
            fatalError("embedding: \(tokens.count) rows of a batch of \(batchRows.count)")
        }
        return Value(base.embedding(tokens, table: table), batchRows)
    }

    /// Copies the rows.
    public func rows(_ x: borrowing Value, at indices: [Int]) -> Value {
        Value(base.rows(x.plain, at: indices), x.storage.adapters?.rows(at: indices))
    }

    /// Pools; a text's row is its own.
    public func pooled(_ x: borrowing Value, over runs: [Range<Int>], by pooling: RowPooling) -> Value {
        // An empty run has no row whose adapter it could have.
        let firsts = runs.map(\.lowerBound)
        let adapters = runs.contains(where: \.isEmpty) ? nil : x.storage.adapters?.rows(at: firsts)
        return Value(base.pooled(x.plain, over: runs, by: pooling), adapters)
    }

    /// Zeros, which are nobody's.
    public func zeros(rows: Int, columns: Int) -> Value { Value(base.zeros(rows: rows, columns: columns), nil) }

    // MARK: Products

    /// Multiplies all rows by the base's weights, then adds each adapter's term to its rows.
    public func linear(
        _ x: borrowing Value, normedBy norm: Normalization<WeightVector>?,
        _ projections: [Projection<WeightMatrix, WeightVector>]
    ) -> TensorList<AdaptedActivation> {
        let plain = x.plain
        let adapters = known(x.storage.adapters)
        var results = base.linear(plain, normedBy: norm, projections)
        var outputs: [Activation] = []
        while results.count > 0 { outputs.append(results.removeFirst().storage) }
        addTerms(of: projections, plain, normedBy: norm, adapters, to: outputs)
        var list = TensorList<AdaptedActivation>()
        for output in outputs { list.append(Value(Tensor<Activation>(output), adapters)) }
        return list
    }

    /// The same, added to `residual` in place.
    public func linear(
        _ x: borrowing Value, _ projection: Projection<WeightMatrix, WeightVector>, addedTo residual: consuming Value
    ) -> Value {
        let plain = x.plain
        let adapters = known(x.storage.adapters)
        let output = base.linear(plain, projection, addedTo: residual.plain)
        addTerms(of: [projection], plain, normedBy: nil, adapters, to: [output.storage])
        return Value(output, adapters)
    }

    /// As the base where no adapter of the pass has a part in the unit, else step by step.
    public func gatedLinear(
        _ x: borrowing Value, normedBy norm: Normalization<WeightVector>?,
        through unit: GatedUnit<WeightMatrix, WeightVector>
    ) -> Value {
        let adapters = known(x.storage.adapters)
        guard hasTerms(in: unit, adapters) else {
            return Value(base.gatedLinear(x.plain, normedBy: norm, through: unit), adapters)
        }
        return linear(gated(x, normedBy: norm, through: unit), unit.down)
    }

    /// The same, added to `x` in place.
    public func gatedLinear(
        addedTo x: consuming Value, normedBy norm: Normalization<WeightVector>?,
        through unit: GatedUnit<WeightMatrix, WeightVector>
    ) -> Value {
        let adapters = known(x.storage.adapters)
        guard hasTerms(in: unit, adapters) else {
            return Value(base.gatedLinear(addedTo: x.plain, normedBy: norm, through: unit), adapters)
        }
        let product = gated(x, normedBy: norm, through: unit)
        return linear(product, unit.down, addedTo: x)
    }

    /// `activation(gate(x)) · up(x)`
    private func gated(
        _ x: borrowing Value, normedBy norm: Normalization<WeightVector>?,
        through unit: GatedUnit<WeightMatrix, WeightVector>
    ) -> Value {
        let halves = linear(x, normedBy: norm, unit.gate, unit.up)
        return Value(
            base.gated(halves.first.plain, halves.second.plain, with: unit.activation), halves.second.storage.adapters)
    }

    /// What a projection's input must be known of.
    private func known(_ adapters: RowAdapters?) -> RowAdapters {
        guard let adapters else { fatalError("a projection of rows that are nobody's") }
        return adapters
    }

    private func hasTerms(in unit: GatedUnit<WeightMatrix, WeightVector>, _ rows: RowAdapters) -> Bool {
        let paths = [unit.gate, unit.up, unit.down].map(\.weight.path)
        return rows.groups.contains { group in paths.contains { adapters[group.adapter][$0] != nil } }
    }

    /// Adds `scale · B (A x)` to the rows of each adapter, for every projection beside which it stands.
    private func addTerms(
        of projections: [Projection<WeightMatrix, WeightVector>], _ x: borrowing Tensor<Activation>,
        normedBy norm: Normalization<WeightVector>?, _ rows: RowAdapters, to outputs: [Activation]
    ) {
        for group in rows.groups {
            let terms = zip(projections, outputs).compactMap { projection, output in
                adapters[group.adapter][projection.weight.path].map { (adapter: $0, output: output) }
            }
            guard !terms.isEmpty else { continue }
            let maps = terms.map { Map(weight: $0.adapter.a) }
            var reduced: TensorList<Activation>
            if group.rows.count == x.rows {
                reduced = base.linear(x, normedBy: norm, maps)
            } else {
                reduced = base.linear(base.rows(x, at: group.rows), normedBy: norm, maps)
            }
            for (adapter, output) in terms {
                let addend = base.linear(reduced.removeFirst(), Map(weight: adapter.b))
                for (place, row) in group.rows.enumerated() {
                    let (result, term) = (output.row(row), addend.row(place))
                    for channel in result.indices { result[channel] += adapter.scale * term[channel] }
                }
            }
        }
    }

    // MARK: Attention

    /// As the base: adapters are beside projections alone.
    public func attention(
        queries: consuming Value, keys: consuming Value, values: consuming Value, in batch: PackedBatch,
        cache: KeyValueBinding.Layer?, shape: AttentionShape, encoding: PositionEncoding?
    ) -> Value {
        let adapters = queries.storage.adapters
        return Value(
            base.attention(
                queries: queries.plain, keys: keys.plain, values: values.plain, in: batch, cache: cache, shape: shape,
                encoding: encoding), adapters)
    }

    /// As the base.
    public func bidirectionalAttention(
        queries: consuming Value, at rows: [Int]?, keys: consuming Value, values: consuming Value,
        in batch: PackedBatch, as attention: EncoderAttention
    ) -> Value {
        let adapters = queries.storage.adapters
        return Value(
            base.bidirectionalAttention(
                queries: queries.plain, at: rows, keys: keys.plain, values: values.plain, in: batch, as: attention),
            adapters)
    }

    // MARK: Element by element

    /// As the base.
    public func normed(_ x: borrowing Value, by norm: Normalization<WeightVector>) -> Value {
        Value(base.normed(x.plain, by: norm), x.storage.adapters)
    }

    /// As the base.
    public func activated(_ x: consuming Value, _ function: ElementFunction) -> Value {
        Value(base.activated(x.plain, function), x.storage.adapters)
    }

    /// As the base.
    public func l2Normalized(_ x: consuming Value) -> Value { Value(base.l2Normalized(x.plain), x.storage.adapters) }

    /// As the base.
    public func sigmoidScaled(_ x: consuming Value, by scores: borrowing Value) -> Value {
        Value(base.sigmoidScaled(x.plain, by: scores.plain), x.storage.adapters)
    }

    /// As the base; a sum with what is nobody's is that of the other's rows.
    public func add(_ x: borrowing Value, to y: consuming Value) -> Value {
        let adapters = y.storage.adapters ?? x.storage.adapters
        return Value(base.add(x.plain, to: y.plain), adapters)
    }

    // MARK: Mixtures of experts

    /// As the base.
    public func route(
        _ scores: consuming Value, countPerToken: Int, normalises: Bool
    ) -> Routing<AdaptedActivation> {
        base.route(scores.plain, countPerToken: countPerToken, normalises: normalises).adapted()
    }

    /// As the base.
    public func scatter(
        _ part: borrowing Value, of expert: Int, by routing: borrowing Routing<AdaptedActivation>,
        addedTo sum: consuming Value
    ) -> Value {
        let adapters = sum.storage.adapters
        return Value(base.scatter(part.plain, of: expert, by: routing.plain(), addedTo: sum.plain), adapters)
    }
}

extension EagerOperations {
    /// `activation(gate) · up`, in the memory of `up`.
    fileprivate func gated(
        _ gate: borrowing Tensor<Activation>, _ up: consuming Tensor<Activation>, with activation: GateActivation
    ) -> Tensor<Activation> {
        var product = up.elements.mutableSpan
        GygesKernels.gate(gate.elements.span, with: activation, times: &product, team: team)
        return up
    }
}
