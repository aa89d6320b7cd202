public import GygesKernels

/// Floats of a trained parameter, or of its gradient, at a place that does not change.
///
/// A vector is a matrix of one row. Not `Sendable`: it belongs to the thread that trains.
public final class ParameterBuffer {
    /// The number of outputs, or of table rows; 1 for a vector.
    public let rows: Int
    /// The number of inputs, or of channels.
    public let columns: Int
    /// The elements, row after row.
    public let elements: UnsafeMutableBufferPointer<Float>

    /// Zeros.
    ///
    /// - Precondition: Both are positive.
    public init(rows: Int, columns: Int) {
        guard rows > 0, columns > 0 else { fatalError("a parameter [\(rows), \(columns)]") }
        self.rows = rows
        self.columns = columns
        let bytes = allocateForStreaming(byteCount: rows * columns * MemoryLayout<Float>.stride)
        elements = bytes.bindMemory(to: Float.self)
        elements.initialize(repeating: 0)
    }

    /// A copy of elements, row after row.
    ///
    /// - Precondition: There are `rows · columns`.
    public convenience init(_ elements: some Collection<Float>, rows: Int, columns: Int) {
        guard elements.count == rows * columns else {
            fatalError("a parameter [\(rows), \(columns)] has not \(elements.count) elements")
        }
        self.init(rows: rows, columns: columns)
        _ = self.elements.update(fromContentsOf: elements)
    }

    deinit { elements.deallocate() }
}

/// A matrix of a model on a tape.
public enum TapeMatrix {
    /// Floats that get a gradient: the master copy, which the optimizer changes.
    case trained(ParameterBuffer)
    /// Weights that stay as they are, in whatever format; gradients flow through them.
    case frozen(WeightMatrix)

    /// Makes stored weights trainable: a copy in f32.
    public static func training(_ matrix: WeightMatrix, team: ThreadTeam) -> TapeMatrix {
        let buffer = ParameterBuffer(rows: matrix.rows, columns: matrix.columns)
        var elements = buffer.elements.mutableSpan
        dequantizeRows(
            matrix.bytes, format: matrix.format, columns: matrix.columns, rows: Array(0..<matrix.rows), into: &elements,
            team: team)
        return .trained(buffer)
    }

    /// The number of outputs, or of table rows.
    public var rows: Int {
        switch self {
        case .trained(let buffer): buffer.rows
        case .frozen(let matrix): matrix.rows
        }
    }

    /// The number of inputs, or of channels.
    public var columns: Int {
        switch self {
        case .trained(let buffer): buffer.columns
        case .frozen(let matrix): matrix.columns
        }
    }

    /// Whether it gets a gradient.
    public var isTrained: Bool { if case .trained = self { true } else { false } }
}

/// A gain or a bias of a model on a tape.
public enum TapeVector {
    /// Floats that get a gradient: the master copy, which the optimizer changes.
    case trained(ParameterBuffer)
    /// Floats that stay as they are.
    case frozen(WeightVector)

    /// Makes a vector trainable: a copy.
    public static func training(_ vector: WeightVector) -> TapeVector {
        .trained(ParameterBuffer(vector.elements, rows: 1, columns: vector.elements.count))
    }

    /// The number of elements.
    public var count: Int {
        switch self {
        case .trained(let buffer): buffer.columns
        case .frozen(let vector): vector.elements.count
        }
    }

    /// Whether it gets a gradient.
    public var isTrained: Bool { if case .trained = self { true } else { false } }

    /// Calls `body` with the elements.
    func withElements<Result>(_ body: (UnsafeBufferPointer<Float>) -> Result) -> Result {
        switch self {
        case .trained(let buffer): body(UnsafeBufferPointer(buffer.elements))
        case .frozen(let vector): vector.elements.withUnsafeBufferPointer(body)
        }
    }
}

/// The gradients of a model's trained parameters by path, in f32.
///
/// A parameter that is used twice has one path and one gradient: a tied head adds to the embedding's. Not `Sendable`, as
/// ``ParameterBuffer``.
public final class Gradients {
    private var buffers: [ParameterPath: ParameterBuffer] = [:]

    /// Zeros for every trained parameter of a model, and of further parts of it.
    public init(of parameters: any ParameterTree<TapeMatrix, TapeVector>...) {
        for tree in parameters { addZeros(for: tree) }
    }

    private func addZeros(for tree: some ParameterTree<TapeMatrix, TapeVector>) {
        tree.forEachParameter(
            matrix: { parameter in
                guard case .trained(let buffer) = parameter.value else { return }
                self.buffers[parameter.path] = ParameterBuffer(rows: buffer.rows, columns: buffer.columns)
            },
            vector: { parameter in
                guard case .trained(let buffer) = parameter.value else { return }
                self.buffers[parameter.path] = ParameterBuffer(rows: 1, columns: buffer.columns)
            })
    }

    /// The paths of all trained parameters, in the order of their texts.
    public var paths: [ParameterPath] { buffers.keys.sorted() }

    /// The gradient of a parameter, of its shape; `nil` if it is not trained.
    public subscript(path: ParameterPath) -> ParameterBuffer? { buffers[path] }

    /// Fills all with zeros, for the next step.
    public func clear() {
        for buffer in buffers.values { buffer.elements.update(repeating: 0) }
    }

    /// The gradient of a parameter that a model trains.
    func of(_ parameter: Parameter<TapeMatrix>) -> ParameterBuffer? {
        parameter.value.isTrained ? known(parameter.path) : nil
    }

    /// The gradient of a parameter that a model trains.
    func of(_ parameter: Parameter<TapeVector>) -> ParameterBuffer? {
        parameter.value.isTrained ? known(parameter.path) : nil
    }

    private func known(_ path: ParameterPath) -> ParameterBuffer {
        guard let buffer = buffers[path] else { fatalError("\(path) is trained, but no gradient was made for it") }
        return buffer
    }
}
