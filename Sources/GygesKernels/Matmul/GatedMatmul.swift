import CGygesKernels

/// The activation of a gated linear unit.
public enum GateActivation: Sendable, Equatable {
    /// `z · sigmoid(z)`: Qwen2.5's and Llama's.
    case silu
    /// `z · Φ(z)` with the exact error function: ModernBERT's.
    case gelu
}

/// Lays out `activation(x · gateᵀ) · (x · upᵀ)` for a matmul with `next`, piece by piece: neither of the two ever goes
/// through memory.
///
/// The bits are those of both matmuls, ``gate(_:with:times:team:)`` and
/// ``Activations/load(_:rows:columns:normalizedBy:for:team:)``, one after another.
/// - Parameters:
///   - x: Activations loaded for both matrices.
///   - gate: The weights of the half that is activated, `[inner, inputs]`.
///   - up: The weights of the other, of the same shape.
///   - result: Becomes `[rows, inner]`.
/// - Precondition: The shapes agree.
public func gatedMatmul(
    _ x: borrowing Activations, gate: PackedMatrix, up: PackedMatrix, activation: GateActivation,
    into result: inout Activations, for next: PackedMatrix, team: ThreadTeam
) {
    let rows = x.rows
    expect(
        gate.rows == up.rows && gate.columns == up.columns && x.columns == gate.columns && next.columns == gate.rows,
        "gated matmul: shapes do not agree")
    guard rows > 0, let layout = result.reserve(rows: rows, columns: gate.rows, for: [next]).first else { return }
    guard let gateTiles = x.tiles(gate.activationKind), let upTiles = x.tiles(up.activationKind) else {
        fatalError("activations were not loaded for these matrices")
    }
    let multiple = max(2, layout.kind.columnMultiple / panelOutputs)
    let minimum = max(1, minimumPanels(columns: 2 * x.columns, rows: rows))
    let unit = GatedUnit(
        gate: gate, gateTiles: gateTiles, up: up, upTiles: upTiles, activation: activation, layout: layout,
        instructionSet: team.instructionSet)
    // Whole blocks of outputs may be few: many rows are shared out, too, for the threads to end together.
    let length = team.runLength(over: gate.panelCount, minimum: minimum, multiple: multiple)
    let runs = (gate.panelCount + length - 1) / length
    let stripes = (rows + GatedUnit.rowsTogether - 1) / GatedUnit.rowsTogether
    let cuts = min(stripes, 4)
    // Only addresses are shared; parts write disjoint places of the layout.
    nonisolated(unsafe) let shared = unit
    team.run(parts: runs * cuts) { part in
        let first = part / cuts * length, cut = part % cuts
        shared.compute(
            stripes: cut * stripes / cuts..<(cut + 1) * stripes / cuts,
            panels: first..<min(first + length, gate.panelCount), multiple: multiple)
    }
}

/// What a part of a gated matmul needs.
private struct GatedUnit {
    let gate: PackedMatrix
    let gateTiles: UnsafePointer<UInt8>
    let up: PackedMatrix
    let upTiles: UnsafePointer<UInt8>
    let activation: GateActivation
    let layout: TileLayout
    let instructionSet: InstructionSet

    /// Rows that are computed together: whole tiles of every form, and few enough that their activations and what becomes of
    /// them stay in the second-level cache.
    static let rowsTogether = 96
    /// The floats of each of the two matmuls that are computed before they are gated.
    private static let floatsTogether = 96 * 128

    /// Computes some stripes of rows of some outputs, from a multiple of `multiple` panels on.
    func compute(stripes: Range<Int>, panels: Range<Int>, multiple: Int) {
        let height = min(Self.rowsTogether, layout.rows)
        let fitting = Self.floatsTogether / height / panelOutputs / multiple * multiple
        let width = min(panels.count, max(multiple, fitting))
        let capacity = height * width * panelOutputs
        withUnsafeTemporaryAllocation(byteCount: 2 * capacity * 4, alignment: 64) { scratch in
            let floats = scratch.bindMemory(to: Float.self)
            guard let gates = floats.baseAddress else { return }
            for stripe in stripes {
                let rows = stripe * height..<min((stripe + 1) * height, layout.rows)
                for first in stride(from: panels.lowerBound, to: panels.upperBound, by: width) {
                    compute(
                        rows: rows, panels: first..<min(first + width, panels.upperBound), gates: gates,
                        ups: gates + capacity)
                }
            }
        }
    }

    private func compute(
        rows: Range<Int>, panels: Range<Int>, gates: UnsafeMutablePointer<Float>, ups: UnsafeMutablePointer<Float>
    ) {
        let stride = panels.count * panelOutputs
        matmul(gate, gateTiles, rows: rows, panels: panels, into: gates, stride: stride)
        matmul(up, upTiles, rows: rows, panels: panels, into: ups, stride: stride)
        let kernels = instructionSet.kernels.pointee
        let columns = panels.lowerBound * panelOutputs..<min(panels.upperBound * panelOutputs, layout.columns)
        let gating = activation.gating(kernels.vector)
        for row in 0..<rows.count {
            let gates = gates + row * stride
            gating(gates, ups + row * stride, columns.count, gates)
        }
        let height = layout.kind.tileRows
        for tile in rows.lowerBound / height..<(rows.upperBound + height - 1) / height {
            layout.layOut(
                gates + (tile * height - rows.lowerBound) * stride, stride: stride, tile: tile, columns: columns,
                kernels: kernels.matmul)
        }
    }

    private func matmul(
        _ matrix: PackedMatrix, _ tiles: UnsafePointer<UInt8>, rows: Range<Int>, panels: Range<Int>,
        into y: UnsafeMutablePointer<Float>, stride: Int
    ) {
        let height = matrix.activationKind.tileRows
        matrix.matmul(
            tiles, rows: layout.rows, tiles: rows.lowerBound / height..<(rows.upperBound + height - 1) / height,
            panels: panels, into: y, stride: stride, destination: GYGES_STORE, instructionSet: instructionSet)
    }
}
