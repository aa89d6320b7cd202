public import GygesKernels

/// A weight matrix `[rows, columns]` = `[outputs, inputs]` as a file holds it and, once packed, as products read it.
///
/// The bytes belong to `owner` (a mapped file, say), which lives as long as the matrix.
public final class WeightMatrix: Sendable {
    /// How the elements are stored.
    public let format: WeightFormat
    /// The number of outputs, or of table rows.
    public let rows: Int
    /// The number of inputs, or of channels.
    public let columns: Int
    /// The form that products read; `nil` for a table that is only looked up.
    public let packed: PackedMatrix?
    // The pointer is read-only memory that `owner` keeps alive and nobody writes.
    nonisolated(unsafe) private let base: UnsafeRawPointer
    private let byteCount: Int
    private let owner: any AnyObject & Sendable
    private let release: @Sendable () -> Void

    /// Wraps stored bytes and their packed form.
    ///
    /// - Parameter release: Tells the system that it may use the memory of `bytes` otherwise, which still hold the same when
    ///   they are read again.
    /// - Precondition: `bytes` holds exactly `rows · columns` elements in `format` and stays valid while `owner` lives;
    ///   `packed` has as many rows and columns.
    public init(
        _ bytes: UnsafeRawBufferPointer, format: WeightFormat, rows: Int, columns: Int,
        owner: any AnyObject & Sendable, packed: PackedMatrix?, release: @escaping @Sendable () -> Void
    ) {
        guard let base = bytes.baseAddress, format.byteCount(elementCount: rows * columns) == bytes.count else {
            fatalError("weight matrix [\(rows), \(columns)] of \(format.rawValue) does not fit \(bytes.count) bytes")
        }
        self.format = format
        self.rows = rows
        self.columns = columns
        self.base = base
        byteCount = bytes.count
        self.owner = owner
        self.packed = packed
        self.release = release
    }

    /// The bytes as the file holds them.
    public var bytes: UnsafeRawBufferPointer { .init(start: base, count: byteCount) }

    /// Lets the system use the memory of ``bytes`` until they are read again.
    public func releaseBytes() { release() }
}

extension WeightMatrix {
    /// Packs floats, of which the matrix keeps a copy as they are.
    ///
    /// - Parameter elements: `rows · columns` of them, row after row.
    /// - Precondition: There are as many, and at least one.
    /// - Complexity: O(rows · columns).
    public convenience init(
        _ elements: [Float], rows: Int, columns: Int, precision: MatmulPrecision, team: ThreadTeam
    ) {
        let copy = FloatCopy(elements)
        let bytes = UnsafeRawBufferPointer(copy.elements)
        self.init(
            bytes, format: .f32, rows: rows, columns: columns, owner: copy,
            packed: PackedMatrix(
                bytes, format: .f32, rows: rows, columns: columns, precision: precision, team: team), release: {})
    }
}

extension WeightMatrix {
    /// A table of floats, of which the matrix keeps a copy, to be looked up and not multiplied by.
    ///
    /// - Parameter elements: `rows · columns` of them, row after row.
    /// - Precondition: There are as many, and at least one.
    public convenience init(copying elements: [Float], rows: Int, columns: Int) {
        let copy = FloatCopy(elements)
        self.init(
            UnsafeRawBufferPointer(copy.elements), format: .f32, rows: rows, columns: columns, owner: copy, packed: nil,
            release: {})
    }
}

/// Floats at a place that does not change.
private final class FloatCopy: Sendable {
    // Written before `init` returns only.
    nonisolated(unsafe) let elements: UnsafeMutableBufferPointer<Float>

    init(_ source: [Float]) {
        elements = .allocate(capacity: source.count)
        _ = elements.initialize(fromContentsOf: source)
    }

    deinit { elements.deallocate() }
}

/// A weight vector: a gain or a bias.
public struct WeightVector: Sendable {
    /// The elements.
    public let elements: [Float]

    /// Wraps elements.
    public init(_ elements: [Float]) { self.elements = elements }
}
