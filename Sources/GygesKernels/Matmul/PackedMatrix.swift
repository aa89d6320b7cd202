import CGygesKernels

/// What a matmul trades for speed.
public enum MatmulPrecision: String, Sendable, CaseIterable {
    /// Block formats meet activations rounded to 8 bits, with a scale for each 32 channels of a row, or each 64 where blocks
    /// are 256 long (Q2_K to Q6_K, IQ4_XS); float formats meet floats.
    case fast
    /// Every weight is dequantised and multiplied in f32: the reference that the fast path is measured against.
    case exact
    /// Weights and activations are rounded to bfloat16, sums are f32.
    case bfloat16
    /// Weights are rounded to 8 bits with a scale for each output, activations to 8 bits with a scale for each 128 channels
    /// of a row.
    case int8
}

/// How panels hold elements.
enum PanelFormat: Equatable {
    /// As the source did, rearranged.
    case stored(WeightFormat)
    /// Rounded to signed bytes with a scale for each output.
    case int8

    /// The kernels' number of the format.
    var code: CInt {
        switch self {
        case .stored(let format): format.code
        case .int8: CInt(GYGES_INT8)
        }
    }

    /// Whether ranges of elements share scales.
    var hasBlocks: Bool {
        switch self {
        case .stored(let format): format.isQuantized
        case .int8: false
        }
    }
}

/// How a weight matrix `[rows, columns]` = `[outputs, inputs]` is packed for matmuls: pure arithmetic, no memory.
public struct PanelLayout: Sendable, Equatable {
    /// The number of outputs.
    public let rows: Int
    /// The number of inputs.
    public let columns: Int
    /// How the elements are stored before packing.
    public let source: WeightFormat
    /// The format of the panels.
    let format: PanelFormat
    /// What matmuls with the matrix read.
    let activationKind: ActivationKind

    /// Changes whenever the bytes of panels do, so that panels kept in files are not read as something else. They are the
    /// same on every instruction set.
    public static let version = Int(GYGES_PANEL_LAYOUT_VERSION)

    /// Describes a matrix of `source` elements packed for matmuls of a precision.
    ///
    /// - Precondition: `columns` is a whole number of blocks.
    public init(rows: Int, columns: Int, source: WeightFormat, precision: MatmulPrecision) {
        guard rows > 0, columns > 0, columns % source.blockLength == 0 else {
            fatalError("a matrix [\(rows), \(columns)] of \(source.rawValue) cannot be packed")
        }
        self.rows = rows
        self.columns = columns
        self.source = source
        format =
            switch precision {
            case .fast, .exact: .stored(source)
            case .bfloat16: .stored(.bf16)
            case .int8: .int8
            }
        activationKind =
            switch precision {
            case .fast: source.isQuantized ? source.quantizedActivations : .float32
            case .exact: .float32
            case .bfloat16: .bfloat16
            case .int8: .int8
            }
    }

    /// The bytes of all panels, a multiple of 64.
    public var byteCount: Int { panelCount * panelByteCount }

    /// Names the arrangement: layouts of one shape and name have the same bytes of the same elements.
    public var name: String {
        switch format {
        case .stored(let format): "\(source) \(format)"
        case .int8: "\(source) int8"
        }
    }

    /// The panels of 16 outputs.
    public var panelCount: Int { (rows + panelOutputs - 1) / panelOutputs }
    /// The bytes of one panel, a multiple of 64.
    public var panelByteCount: Int { gyges_panel_bytes(format.code, columns) }
}

/// A weight matrix `[rows, columns]` = `[outputs, inputs]` in the panels that matmuls read.
///
/// Takes as many bytes as the file does (or two an element for ``MatmulPrecision/bfloat16``, one for
/// ``MatmulPrecision/int8``).
public final class PackedMatrix: Sendable {
    /// The arrangement of the panels.
    public let layout: PanelLayout
    // Invariant: `layout.byteCount` bytes, more than none, of panels as `pack` writes them for `layout`; written before `init`
    // returns only and read-only from then on. Freed here, or by `owner`.
    nonisolated(unsafe) private let memory: UnsafeRawBufferPointer
    /// What keeps the memory alive; `nil` if it is the matrix's own.
    private let owner: (any AnyObject & Sendable)?

    /// Packs a matrix, spread over the team.
    ///
    /// - Parameter bytes: `rows · columns` elements in `format`, row after row.
    /// - Precondition: `columns` is a whole number of blocks and `bytes` has the right length.
    /// - Complexity: O(rows · columns).
    public convenience init(
        _ bytes: UnsafeRawBufferPointer, format: WeightFormat, rows: Int, columns: Int, precision: MatmulPrecision,
        team: ThreadTeam
    ) {
        self.init(
            bytes, layout: PanelLayout(rows: rows, columns: columns, source: format, precision: precision), team: team)
    }

    /// Packs a matrix as `layout` says, spread over the team.
    ///
    /// - Parameter bytes: `rows · columns` elements as stored, row after row.
    /// - Precondition: `bytes` has the right length.
    /// - Complexity: O(rows · columns).
    public convenience init(_ bytes: UnsafeRawBufferPointer, layout: PanelLayout, team: ThreadTeam) {
        let memory = allocateForStreaming(byteCount: layout.byteCount)
        Self.pack(bytes, as: layout, panels: 0..<layout.panelCount, into: memory, team: team)
        self.init(UnsafeRawBufferPointer(memory), layout: layout, owner: nil)
    }

    /// Takes panels that were packed before, such as those of a mapped file.
    ///
    /// - Precondition: `panels` are all panels as ``pack(_:as:panels:into:team:)`` writes them for `layout`, and stay while `owner` lives.
    public convenience init(
        panels: UnsafeRawBufferPointer, layout: PanelLayout, owner: any AnyObject & Sendable
    ) {
        guard panels.count == layout.byteCount else {
            fatalError("\(panels.count) bytes are not the panels of [\(layout.rows), \(layout.columns)]")
        }
        self.init(panels, layout: layout, owner: owner)
    }

    private init(
        _ memory: UnsafeRawBufferPointer, layout: PanelLayout, owner: (any AnyObject & Sendable)?
    ) {
        self.memory = memory
        self.layout = layout
        self.owner = owner
    }

    deinit { if owner == nil { memory.deallocate() } }

    /// Packs some panels of a matrix into memory of the caller, spread over the team.
    ///
    /// - Parameters:
    ///   - bytes: `rows · columns` elements as stored, row after row.
    ///   - panels: The panels to pack, of ``PanelLayout/panelCount``.
    ///   - memory: ``PanelLayout/panelByteCount`` bytes a panel, overwritten.
    /// - Complexity: O(elements of the panels).
    public static func pack(
        _ bytes: UnsafeRawBufferPointer, as layout: PanelLayout, panels: Range<Int>,
        into memory: UnsafeMutableRawBufferPointer, team: ThreadTeam
    ) {
        let (rows, columns, source) = (layout.rows, layout.columns, layout.source)
        guard source.byteCount(elementCount: rows * columns) == bytes.count, panels.lowerBound >= 0,
            panels.upperBound <= layout.panelCount, memory.count == panels.count * layout.panelByteCount,
            let stored = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self),
            let target = memory.baseAddress?.assumingMemoryBound(to: UInt8.self)
        else {
            fatalError("panels of [\(rows), \(columns)] of \(source.rawValue) do not fit \(memory.count) bytes")
        }
        let rowBytes = columns / source.blockLength * source.blockByteCount
        let first = stored + panels.lowerBound * panelOutputs * rowBytes
        let rowsLeft = rows - panels.lowerBound * panelOutputs
        team.run(over: panels.count, minimum: 1) { part in
            if layout.format == .stored(source) {
                gyges_pack_panels(source.code, first, rowsLeft, columns, part.lowerBound, part.upperBound, target)
            } else {
                for panel in part {
                    packRounded(
                        first, format: source, as: layout.format, rows: rowsLeft, columns: columns, panel: panel,
                        into: target + panel * layout.panelByteCount)
                }
            }
        }
    }

    /// The number of outputs.
    public var rows: Int { layout.rows }
    /// The number of inputs.
    public var columns: Int { layout.columns }
    /// The packed bytes.
    public var byteCount: Int { memory.count }

    var panelCount: Int { layout.panelCount }
    var format: PanelFormat { layout.format }
    var activationKind: ActivationKind { layout.activationKind }

    var panels: UnsafePointer<UInt8> {
        memory.baseAddress!.assumingMemoryBound(to: UInt8.self)  // Never empty.
    }

    private static func packRounded(
        _ source: UnsafePointer<UInt8>, format: WeightFormat, as panelFormat: PanelFormat, rows: Int, columns: Int,
        panel: Int,
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
            if panelFormat == .int8 {
                gyges_pack_int8_panel(floats.baseAddress!, columns, packed)
            } else {
                gyges_pack_bfloat16_panel(floats.baseAddress!, columns, packed)
            }
        }
    }
}

/// The outputs that one panel holds.
let panelOutputs = Int(GYGES_PANEL_OUTPUTS)
