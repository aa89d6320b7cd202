public import GygesKernels

/// Where an attention layer's keys and values of earlier passes are, and where this pass's go.
public struct KeyValueBinding {
    /// The arrangement of a block of 64 positions of one layer.
    public var layout: KeyValueLayout
    /// For each sequence of the batch in order: the memory of its blocks, each holding all layers one after another.
    public var blocks: [[UnsafeMutableRawPointer]]

    /// Creates a binding; each sequence's blocks must reach to its last position in the batch.
    public init(layout: KeyValueLayout, blocks: [[UnsafeMutableRawPointer]]) {
        self.layout = layout
        self.blocks = blocks
    }
}

/// Computes each operation at once on the CPU, with reused memory and packed weights.
///
/// Every result row depends only on its own row and, in attention, on its own sequence: neither the other rows of the
/// batch nor the number of threads can change a bit of it. Not `Sendable`: one interpreter belongs to one thread.
public final class EagerOperations: Operations {
    let team: ThreadTeam
    let pool = ActivationPool()
    private var inputs = Activations()
    /// What gates let through, between the two products of a gated unit.
    private var gated = Activations()
    private(set) var batch = PackedBatch()
    private var binding: KeyValueBinding?
    private var passAngles: RotaryAngles?
    var encoderAngles: [RotaryTable: EncoderAngles] = [:]

    /// Creates an interpreter that splits its work over `team`.
    public init(team: ThreadTeam) { self.team = team }

    /// Says which batch the next operations belong to and where its keys and values live.
    public func begin(_ batch: PackedBatch, binding: KeyValueBinding) {
        guard binding.blocks.count == batch.sequences.count else {
            fatalError("\(batch.sequences.count) sequences but blocks for \(binding.blocks.count)")
        }
        self.batch = batch
        self.binding = binding
        passAngles = nil
    }

    /// Says which batch the next operations belong to, of whole texts of an encoder: nothing of it is kept.
    public func begin(_ batch: PackedBatch) {
        self.batch = batch
        binding = nil
        passAngles = nil
    }

    /// A fault maps 16 pages of a file, so that a lookup takes 64 KB of a table that is not yet mapped: 8,192 of them take most
    /// of ModernBERT-base's 154 MB, which wide passes give back, and not only at their end.
    private static let (lookupsTogether, lookupsOfWidePass) = (512, 4096)

    /// Copies the rows of the table, dequantised.
    public func embedding(_ tokens: [Int32], table: WeightMatrix) -> Activation {
        let output = Activation(rows: tokens.count, columns: table.columns, pool: pool)
        let isWide = tokens.count >= Self.lookupsOfWidePass
        let step = isWide ? Self.lookupsTogether : max(1, tokens.count)
        for start in stride(from: 0, to: tokens.count, by: step) {
            let some = tokens[start..<min(start + step, tokens.count)]
            let place = output.elements[start * table.columns..<some.endIndex * table.columns]
            var elements = UnsafeMutableBufferPointer(rebasing: place).mutableSpan
            dequantizeRows(
                table.bytes, format: table.format, columns: table.columns, rows: some.map(Int.init), into: &elements,
                team: team)
            if isWide { table.releaseBytes() }
        }
        return output
    }

    /// Norms and quantises a tile at a time, once for all matrices of the same input, then multiplies.
    public func linear(
        _ x: Activation, normedBy norm: Normalization<WeightVector>?,
        _ projections: [Projection<WeightMatrix, WeightVector>]
    ) -> [Activation] {
        load(x, normedBy: norm, for: projections)
        let outputs = projections.map { Activation(rows: x.rows, columns: $0.weight.rows, pool: pool) }
        matmul(
            inputs, zip(projections, outputs).map { Matmul($0.weight.products, into: $1.elements) }, team: team)
        for (projection, output) in zip(projections, outputs) { add(projection.bias, to: output) }
        return outputs
    }

    /// Adds to `residual` in place.
    public func linear(
        _ x: Activation, _ projection: Projection<WeightMatrix, WeightVector>, addedTo residual: Activation
    ) -> Activation {
        load(x, normedBy: nil, for: [projection])
        return multiplied(inputs, by: projection, rows: x.rows, addedTo: residual)
    }

    /// Multiplies, gates and quantises a piece at a time: neither half goes through memory, unless it has a bias.
    public func gatedLinear(
        _ x: Activation, normedBy norm: Normalization<WeightVector>?,
        through unit: GatedUnit<WeightMatrix, WeightVector>,
        addedTo residual: Activation?
    ) -> Activation {
        if unit.gate.bias == nil, unit.up.bias == nil {
            load(x, normedBy: norm, for: [unit.gate, unit.up])
            gatedMatmul(
                inputs, gate: unit.gate.weight.products, up: unit.up.weight.products, activation: unit.activation,
                into: &gated, for: unit.down.weight.products, team: team)
        } else {
            let halves = linear(x, normedBy: norm, [unit.gate, unit.up])
            var product = halves[1].elements.mutableSpan
            gate(halves[0].elements.span, with: unit.activation, times: &product, team: team)
            gated.load(
                halves[1].elements.span, rows: x.rows, columns: halves[1].columns, for: [unit.down.weight.products],
                team: team)
        }
        return multiplied(gated, by: unit.down, rows: x.rows, addedTo: residual)
    }

    /// Lays out the input of some projections.
    private func load(
        _ x: Activation, normedBy norm: Normalization<WeightVector>?,
        for projections: [Projection<WeightMatrix, WeightVector>]
    ) {
        inputs.load(
            x.elements.span, rows: x.rows, columns: x.columns, normalizedBy: norm.map(RowNorm.init),
            for: projections.map(\.weight.products), team: team)
    }

    /// The product of what was loaded, in the memory of `residual` if there is one, with the bias.
    private func multiplied(
        _ x: borrowing Activations, by projection: Projection<WeightMatrix, WeightVector>, rows: Int,
        addedTo residual: Activation?
    ) -> Activation {
        let output = residual ?? Activation(rows: rows, columns: projection.weight.rows, pool: pool)
        matmul(
            x, [Matmul(projection.weight.products, into: output.elements, isAdded: residual != nil)], team: team)
        add(projection.bias, to: output)
        return output
    }

    private func add(_ bias: WeightVector?, to output: Activation) {
        guard let bias else { return }
        var elements = output.elements.mutableSpan
        addBias(bias.elements.span, into: &elements, team: team)
    }

    /// Normalises to new memory.
    public func normed(_ x: Activation, by norm: Normalization<WeightVector>) -> Activation {
        let output = Activation(rows: x.rows, columns: x.columns, pool: pool)
        var elements = output.elements.mutableSpan
        switch norm {
        case .rootMeanSquare(let weight, let epsilon):
            rmsNorm(x.elements.span, weight: weight.elements.span, epsilon: epsilon, into: &elements, team: team)
        case .layer(let weight, let bias, let epsilon):
            layerNorm(
                x.elements.span, weight: weight.elements.span, bias: bias?.elements.span, epsilon: epsilon,
                into: &elements, team: team)
        }
        return output
    }

    /// The angles of the pass's rows, the same for all layers.
    private func angles(native: PositionEncoding) -> RotaryAngles {
        if let passAngles, passAngles.native == native { return passAngles }
        let angles = RotaryAngles(of: batch, native: native)
        passAngles = angles
        return angles
    }

    /// Turns keys in place, stores keys and values in the cache's pages, then attends to all that came before.
    public func attention(
        queries: Activation, keys: Activation, values: Activation, layer: Int, shape: AttentionShape,
        encoding: PositionEncoding
    ) -> Activation {
        guard let binding else { fatalError("attention: begin(_:binding:) was not called") }
        let angles = angles(native: encoding)
        turn(keys, headCount: shape.keyValueHeadCount, by: angles, table: encoding.table)
        var queries = queries
        if angles.variants > 1 {
            // The same queries three times, to be turned for keys of their own chunk, the one before, and older ones.
            let copies = Activation(rows: angles.variants * queries.rows, columns: queries.columns, pool: pool)
            for copy in 0..<angles.variants {
                let start = copy * queries.elements.count
                _ = UnsafeMutableBufferPointer(rebasing: copies.elements[start...]).update(
                    fromContentsOf: queries.elements)
            }
            queries = copies
        }
        turn(queries, headCount: shape.headCount, by: angles, table: encoding.table)
        let sequences = store(keys: keys, values: values, layer: layer, in: binding, native: encoding)

        let output = Activation(rows: batch.rowCount, columns: queries.columns, pool: pool)
        var elements = output.elements.mutableSpan
        GygesKernels.attention(
            queries: queries.elements.span, rowCount: batch.rowCount, queryStride: queries.columns,
            queryHeadCount: shape.headCount, sequences: sequences, layout: binding.layout, scale: shape.scale,
            into: &elements, team: team)
        return output
    }

    /// Turns the rows of `x`, one variant of the batch's rows or all, in place.
    private func turn(_ x: Activation, headCount: Int, by angles: RotaryAngles, table: RotaryTable) {
        let count = x.rows * table.frequencies.count
        var elements = x.elements.mutableSpan
        rotate(
            &elements, rowStride: x.columns, headOffset: 0, headCount: headCount, headDimension: table.headDimension,
            rotaryDimension: table.rotaryDimension, cosines: angles.cosines.span.extracting(first: count),
            sines: angles.sines.span.extracting(first: count), layout: table.layout, team: team)
    }

    /// Stores this pass's keys and values and says where each sequence's are.
    private func store(
        keys: Activation, values: Activation, layer: Int, in binding: KeyValueBinding, native: PositionEncoding
    ) -> [AttentionSequence] {
        let layout = binding.layout
        let layerOffset = layer * layout.blockByteCount
        let length = KeyValueLayout.blockLength
        var rowBlocks: [UnsafeMutableRawPointer] = []
        var rowOffsets: [Int] = []
        rowBlocks.reserveCapacity(batch.rowCount)
        rowOffsets.reserveCapacity(batch.rowCount)
        var sequences: [AttentionSequence] = []
        for (sequence, blocks) in zip(batch.sequences, binding.blocks) {
            let layerBlocks = blocks.map { $0 + layerOffset }
            for offset in 0..<sequence.rows.count {
                let position = sequence.firstPosition + offset
                rowBlocks.append(layerBlocks[position / length])
                rowOffsets.append(position % length)
            }
            let encoding = sequence.encoding ?? native
            sequences.append(
                AttentionSequence(
                    firstRow: sequence.rows.lowerBound, rowCount: sequence.rows.count,
                    firstPosition: sequence.firstPosition, blocks: layerBlocks.map { UnsafeRawPointer($0) },
                    chunks: encoding.chunks, temperature: encoding.temperature))
        }
        storeKeysAndValues(
            keys: keys.elements.span, values: values.elements.span, rowStride: keys.columns, layout: layout,
            blocks: rowBlocks, offsets: rowOffsets, team: team)
        return sequences
    }

    /// Adds to `y`, whose memory becomes the result.
    public func add(_ x: Activation, _ y: Activation) -> Activation {
        // The sum replaces `y`: in a residual stream the branch's output has no other reader.
        var elements = y.elements.mutableSpan
        GygesKernels.add(x.elements.span, into: &elements, team: team)
        return y
    }

    /// New memory filled with zeros.
    func zeros(rows: Int, columns: Int) -> Activation {
        let output = Activation(rows: rows, columns: columns, pool: pool)
        output.elements.update(repeating: 0)
        return output
    }

    /// Copies the rows.
    public func rows(_ x: Activation, at indices: [Int]) -> Activation {
        let output = Activation(rows: indices.count, columns: x.columns, pool: pool)
        for (target, source) in indices.enumerated() {
            _ = output.row(target).update(fromContentsOf: x.row(source))
        }
        return output
    }
}

extension WeightMatrix {
    /// The form that products read, which a table that is only looked up lacks: to multiply by one is a mistake of the model's.
    fileprivate var products: PackedMatrix {
        guard let packed else { fatalError("the weight [\(rows), \(columns)] is not packed for products") }
        return packed
    }
}

extension RowNorm {
    fileprivate init(_ norm: Normalization<WeightVector>) {
        switch norm {
        case .rootMeanSquare(let weight, let epsilon):
            self = .rootMeanSquare(weight: weight.elements, epsilon: epsilon)
        case .layer(let weight, let bias, let epsilon):
            self = .layer(weight: weight.elements, bias: bias?.elements, epsilon: epsilon)
        }
    }
}
