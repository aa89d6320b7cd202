public import GygesCheckpoints
public import GygesTensors

/// An adapter of one model: the matrices beside its projections, by path, and the parameters that stand for its own.
public struct ModelAdapter: Sendable, Equatable {
    /// The matrices beside a linear layer.
    public struct Module: Sendable, Equatable {
        /// `A` `[rank, inputs]`, which all projections of the layer share.
        public var a: StoredMatrix
        /// The path of `A`.
        public var path: ParameterPath
        /// What `B (A x)` is multiplied by.
        public var scale: Float
        /// The projections of the layer.
        public var parts: [Part]

        /// Puts matrices together.
        public init(a: StoredMatrix, path: ParameterPath, scale: Float, parts: [Part]) {
            self.a = a
            self.path = path
            self.scale = scale
            self.parts = parts
        }
    }

    /// A projection's part of a layer's `B`.
    public struct Part: Sendable, Equatable {
        /// The path of the projection's weight.
        public var weight: ParameterPath
        /// `B` `[outputs, rank]`
        public var b: StoredMatrix
        /// The path of `B`.
        public var path: ParameterPath

        /// Puts a part together.
        public init(weight: ParameterPath, b: StoredMatrix, path: ParameterPath) {
            self.weight = weight
            self.b = b
            self.path = path
        }
    }

    /// The layers that have matrices, in the order of a pass.
    public var modules: [Module]
    /// Parameters that were trained whole, by path; vectors are matrices of one row. A tied model whose head is among them by itself has
    /// another head than embedding.
    public var replaced: [ParameterPath: StoredMatrix]
    /// Whether head and embedding, where the base ties them, become two parameters.
    var unties = false

    /// The bytes of its matrices in f32.
    public var byteCount: Int {
        let matrices = modules.flatMap { [$0.a] + $0.parts.map(\.b) } + replaced.values
        return matrices.reduce(0) { $0 + $1.elements.count * MemoryLayout<Float>.stride }
    }

    /// The adapter whose terms are multiplied by `weight`: what is given is half of it at 0.5, and its opposite at -1.
    ///
    /// - Precondition: Nothing is ``replaced``, unless `weight` is 1: parameters have no part.
    public func weighted(_ weight: Float) -> ModelAdapter {
        guard weight != 1 else { return self }
        guard replaced.isEmpty else { fatalError("parameters that are replaced cannot be weighted") }
        var adapter = self
        for index in modules.indices { adapter.modules[index].scale *= weight }
        return adapter
    }

    /// One adapter that adds what several add: their matrices one below and beside the other, so that ranks add up and nothing is
    /// rounded but scales, which `B` takes in.
    ///
    /// A sum of the products `B A` would be as large as the base; a sum of the matrices is another adapter, because `B` of one would
    /// multiply `A` of the other.
    ///
    /// - Parameter adapters: Of one model, at least one; at most one of them replaces parameters.
    public static func sum(_ adapters: [ModelAdapter]) -> ModelAdapter {
        guard let first = adapters.first, adapters.count > 1 else {
            return adapters.first ?? ModelAdapter(modules: [], replaced: [:])
        }
        var sum = first
        for adapter in adapters.dropFirst() {
            for module in adapter.modules {
                if let index = sum.modules.firstIndex(where: { $0.path == module.path }) {
                    sum.modules[index] = sum.modules[index].joined(with: module)
                } else {
                    sum.modules.append(module)
                }
            }
            sum.replaced.merge(adapter.replaced) { own, _ in own }
            sum.unties = sum.unties || adapter.unties
        }
        return sum
    }
}

extension ModelAdapter.Module {
    fileprivate func joined(with other: Self) -> Self {
        Self(
            a: StoredMatrix(a.elements + other.a.elements, rows: a.rows + other.a.rows, columns: a.columns), path: path,
            scale: 1,
            parts: zip(parts, other.parts).map { own, others in
                var elements: [Float] = []
                for row in 0..<own.b.rows {
                    elements += own.b.part(row..<row + 1).elements.map { $0 * scale }
                    elements += others.b.part(row..<row + 1).elements.map { $0 * other.scale }
                }
                return .init(
                    weight: own.weight,
                    b: StoredMatrix(elements, rows: own.b.rows, columns: own.b.columns + others.b.columns),
                    path: own.path)
            })
    }
}
