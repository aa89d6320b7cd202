import CGygesKernels

/// Attention that can be differentiated: what training computes in place of inference's caches and panels.
///
/// Weights are never kept. The backward pass computes them again, block by block, from the logarithms of their sums that the
/// forward pass leaves (Dao et al. 2022, §3.1, algorithms 1 and 4). Queries and keys come rotated.
public struct TrainedAttention: Sendable {
    /// A sequence's rows and what of it is seen.
    public struct Sequence: Sendable {
        /// The rows of its queries.
        public var queries: Range<Int>
        /// Their positions in the sequence, ascending; `nil` if they are all positions from 0 on.
        public var positions: [Int]?
        /// The rows of its keys and values.
        public var keys: Range<Int>
        /// How many of the keys are seen, from the first on.
        public var attendedCount: Int
        /// What scores are multiplied by; positive.
        public var scale: Float

        /// Describes a sequence.
        public init(
            queries: Range<Int>, positions: [Int]? = nil, keys: Range<Int>, attendedCount: Int, scale: Float
        ) {
            self.queries = queries
            self.positions = positions
            self.keys = keys
            self.attendedCount = attendedCount
            self.scale = scale
        }
    }

    /// What a position sees.
    public enum Visibility: Sendable, Equatable {
        /// Itself and all before it.
        case causal
        /// What is at most so far away to either side; `nil` sees all.
        case window(radius: Int?)
    }

    /// The sequences, disjoint.
    public var sequences: [Sequence]
    /// The number of query heads.
    public var headCount: Int
    /// The number of key-value heads; divides ``headCount``.
    public var keyValueHeadCount: Int
    /// Channels a head.
    public var headDimension: Int
    /// What a position sees of its sequence.
    public var visibility: Visibility
    /// What operands of products are rounded to.
    public var precision: DensePrecision

    /// Describes attention.
    public init(
        sequences: [Sequence], headCount: Int, keyValueHeadCount: Int, headDimension: Int, visibility: Visibility,
        precision: DensePrecision = .float32
    ) {
        self.sequences = sequences
        self.headCount = headCount
        self.keyValueHeadCount = keyValueHeadCount
        self.headDimension = headDimension
        self.visibility = visibility
        self.precision = precision
    }

    /// Attends.
    ///
    /// - Parameters:
    ///   - queries: `[rows, headCount · headDimension]`.
    ///   - keys: `[key rows, keyValueHeadCount · headDimension]`, as `values`.
    ///   - output: As `queries`, overwritten; zeros where a query sees no key.
    ///   - logSumExp: `[rows, headCount]`, overwritten: the logarithm of the sum of the exponentials of a query's scores.
    /// - Precondition: The shapes agree and sequences lie within the rows.
    /// - Complexity: O(visible pairs · headDimension).
    public func callAsFunction(
        queries: UnsafeMutableBufferPointer<Float>, keys: UnsafeMutableBufferPointer<Float>,
        values: UnsafeMutableBufferPointer<Float>, into output: UnsafeMutableBufferPointer<Float>,
        logSumExp: UnsafeMutableBufferPointer<Float>, team: ThreadTeam
    ) {
        output.update(repeating: 0)
        logSumExp.update(repeating: -.infinity)
        forEachHead(
            AttentionRows(queries: queries, keys: keys, values: values, output: output, logSumExp: logSumExp),
            team: team
        ) { $0.attend() }
    }

    /// The gradients of queries, keys and values.
    ///
    /// - Parameters:
    ///   - output: What the forward pass gave, as `logSumExp`.
    ///   - doutput: The gradient of `output`.
    ///   - dqueries: As `queries`, overwritten; `dkeys` and `dvalues` likewise.
    /// - Precondition: As of the forward pass.
    /// - Complexity: Two and a half times the forward pass.
    public func gradient(
        queries: UnsafeMutableBufferPointer<Float>, keys: UnsafeMutableBufferPointer<Float>,
        values: UnsafeMutableBufferPointer<Float>, output: UnsafeMutableBufferPointer<Float>,
        logSumExp: UnsafeMutableBufferPointer<Float>, doutput: UnsafeMutableBufferPointer<Float>,
        dqueries: UnsafeMutableBufferPointer<Float>, dkeys: UnsafeMutableBufferPointer<Float>,
        dvalues: UnsafeMutableBufferPointer<Float>, team: ThreadTeam
    ) {
        expect(
            doutput.count == queries.count && dqueries.count == queries.count && dkeys.count == keys.count
                && dvalues.count == keys.count, "attention's gradient: shapes do not agree")
        for gradient in [dqueries, dkeys, dvalues] { gradient.update(repeating: 0) }
        let rows = AttentionRows(queries: queries, keys: keys, values: values, output: output, logSumExp: logSumExp)
        let changes = AttentionChanges(output: doutput, queries: dqueries, keys: dkeys, values: dvalues)
        forEachHead(rows, team: team) { $0.differentiate(changes) }
    }

    /// Calls `body` once for each key-value head of each sequence, on any thread.
    private func forEachHead(_ rows: AttentionRows, team: ThreadTeam, _ body: (AttentionHead) -> Void) {
        let width = headCount * headDimension
        expect(
            keyValueHeadCount > 0 && headCount % keyValueHeadCount == 0 && width > 0 && rows.queries.count % width == 0
                && rows.output.count == rows.queries.count && rows.values.count == rows.keys.count
                && rows.logSumExp.count * headDimension == rows.queries.count, "attention: shapes do not agree")
        let queryRows = rows.queries.count / width
        let keyRows = rows.keys.count / (keyValueHeadCount * headDimension)
        for sequence in sequences {
            expect(
                sequence.queries.upperBound <= queryRows && sequence.keys.upperBound <= keyRows
                    && 0...sequence.keys.count ~= sequence.attendedCount && sequence.scale > 0
                    && sequence.positions.map { $0.count == sequence.queries.count } ?? true,
                "attention: a sequence does not fit the rows")
        }
        // The longest first, for the threads to end together.
        let order = sequences.indices.sorted { (-sequences[$0].keys.count, $0) < (-sequences[$1].keys.count, $1) }
        let kernels = DenseKernels(precision, team.instructionSet)
        nonisolated(unsafe) let shared = (rows, kernels)
        let instructionSet = team.instructionSet
        team.run(parts: order.count * keyValueHeadCount) { part in
            let sequence = sequences[order[part / keyValueHeadCount]]
            guard !sequence.queries.isEmpty, sequence.attendedCount > 0 else { return }
            body(
                AttentionHead(
                    attention: self, sequence: sequence, head: part % keyValueHeadCount, rows: shared.0,
                    dense: shared.1, instructionSet: instructionSet))
        }
    }
}

/// The operands of attention; see ``TrainedAttention``.
struct AttentionRows {
    let queries: UnsafeMutableBufferPointer<Float>
    let keys: UnsafeMutableBufferPointer<Float>
    let values: UnsafeMutableBufferPointer<Float>
    let output: UnsafeMutableBufferPointer<Float>
    let logSumExp: UnsafeMutableBufferPointer<Float>
}

/// The gradients of attention's operands; see ``TrainedAttention``.
struct AttentionChanges {
    let output: UnsafeMutableBufferPointer<Float>
    let queries: UnsafeMutableBufferPointer<Float>
    let keys: UnsafeMutableBufferPointer<Float>
    let values: UnsafeMutableBufferPointer<Float>
}
