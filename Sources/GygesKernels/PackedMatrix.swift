import CGygesKernels

/// What a product trades for speed.
public enum ProductPrecision: String, Sendable, CaseIterable {
    /// Block formats meet activations rounded to 8 bits in blocks of 32; float formats meet floats.
    case fast
    /// Every weight is dequantised and multiplied in f32: the reference that the fast path is measured against.
    case exact
    /// Weights and activations are rounded to bfloat16, sums are f32.
    case bfloat16
}

/// A weight matrix `[rows, columns]` = `[outputs, inputs]` packed once into the panels that products read.
///
/// Takes as many bytes as the file does (or two an element for ``ProductPrecision/bfloat16``).
public final class PackedMatrix: Sendable {
    /// The number of outputs.
    public let rows: Int
    /// The number of inputs.
    public let columns: Int
    /// The format of the panels.
    let format: WeightFormat
    /// What products with this matrix read.
    let activationKind: ActivationKind
    // Written in `init` only, and read-only from then on.
    nonisolated(unsafe) private let memory: UnsafeMutableRawBufferPointer

    /// Packs a matrix, spread over the team.
    ///
    /// - Parameter bytes: `rows · columns` elements in `format`, row after row.
    /// - Precondition: `columns` is a whole number of blocks and `bytes` has the right length.
    /// - Complexity: O(rows · columns).
    public init(
        _ bytes: UnsafeRawBufferPointer, format: WeightFormat, rows: Int, columns: Int, precision: ProductPrecision,
        team: ThreadTeam
    ) {
        guard rows > 0, columns > 0, columns % format.blockLength == 0, let source = bytes.baseAddress,
            format.byteCount(elementCount: rows * columns) == bytes.count
        else {
            fatalError("matrix [\(rows), \(columns)] of \(format.rawValue) does not fit \(bytes.count) bytes")
        }
        self.rows = rows
        self.columns = columns
        self.format = precision == .bfloat16 ? .bf16 : format
        activationKind =
            switch precision {
            case .fast: format.isQuantized ? .quantized : .float32
            case .exact: .float32
            case .bfloat16: .bfloat16
            }
        let panelCount = (rows + panelOutputs - 1) / panelOutputs
        let panelBytes = gyges_panel_bytes(self.format.code, columns)
        memory = allocateForStreaming(byteCount: panelCount * panelBytes)

        let target = memory.baseAddress!.assumingMemoryBound(to: UInt8.self)  // Just allocated.
        let stored = source.assumingMemoryBound(to: UInt8.self)
        let packed = self.format
        team.run(over: panelCount, minimum: 1) { panels in
            if packed == format {
                gyges_pack_panels(
                    format.code, stored, rows, columns, panels.lowerBound, panels.upperBound, target)
            } else {
                for panel in panels {
                    Self.packAsBFloat16(
                        stored, format: format, rows: rows, columns: columns, panel: panel,
                        into: target + panel * panelBytes)
                }
            }
        }
    }

    deinit { memory.deallocate() }

    /// The packed bytes.
    public var byteCount: Int { memory.count }

    var panels: UnsafePointer<UInt8> {
        UnsafePointer(memory.baseAddress!.assumingMemoryBound(to: UInt8.self))  // Never empty.
    }

    private static func packAsBFloat16(
        _ source: UnsafePointer<UInt8>, format: WeightFormat, rows: Int, columns: Int, panel: Int,
        into packed: UnsafeMutablePointer<UInt8>
    ) {
        let rowBytes = columns / format.blockLength * format.blockByteCount
        withUnsafeTemporaryAllocation(of: Float.self, capacity: columns * (panelOutputs + 1)) { floats in
            floats.initialize(repeating: 0)
            let row = floats.baseAddress! + columns * panelOutputs  // `columns` is positive.
            for output in 0..<min(panelOutputs, rows - panel * panelOutputs) {
                gyges_dequantize_row(format.code, source + (panel * panelOutputs + output) * rowBytes, columns, row)
                for column in 0..<columns { floats[column * panelOutputs + output] = row[column] }
            }
            gyges_pack_bfloat16_panel(floats.baseAddress, columns, packed)
        }
    }
}

/// The outputs that one panel holds.
let panelOutputs = Int(GYGES_PANEL_OUTPUTS)

/// The form of activations that a product reads.
enum ActivationKind: CaseIterable {
    case quantized
    case float32
    case bfloat16
}
