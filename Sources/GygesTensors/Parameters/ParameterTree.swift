/// The parameters of a model, or of a part of one.
public protocol ParameterTree<Matrix, Vector> {
    /// What matrices are kept in.
    associatedtype Matrix
    /// What vectors are kept in.
    associatedtype Vector

    /// Visits every parameter once, adapters' too, in the order in which a pass reads them; a tied one where it comes first.
    ///
    /// - Throws: What `matrix` and `vector` throw, at once.
    func forEachParameter<Failure: Error>(
        matrix: @escaping (Parameter<Matrix>) throws(Failure) -> Void,
        vector: @escaping (Parameter<Vector>) throws(Failure) -> Void
    ) throws(Failure)

    /// Changes every projection, in the order in which a pass multiplies by them: where adapters are put on and taken off.
    ///
    /// - Throws: What `body` throws, at once; projections before it are changed.
    mutating func modifyProjections<Failure: Error>(
        _ body: (inout Projection<Matrix, Vector>) throws(Failure) -> Void
    ) throws(Failure)
}

extension ParameterTree {
    /// Every projection, in the order in which a pass multiplies by them.
    public var projections: [Projection<Matrix, Vector>] {
        var copy = self
        var projections: [Projection<Matrix, Vector>] = []
        copy.modifyProjections { projections.append($0) }
        return projections
    }
}

extension Projection: ParameterTree {
    /// Visits the weight, the bias and the adapter's matrices; see ``ParameterTree``.
    public func forEachParameter<Failure: Error>(
        matrix: @escaping (Parameter<Matrix>) throws(Failure) -> Void,
        vector: @escaping (Parameter<Vector>) throws(Failure) -> Void
    ) throws(Failure) {
        try matrix(weight)
        if let bias { try vector(bias) }
        if let adapter {
            try matrix(adapter.a)
            try matrix(adapter.b)
        }
    }

    /// Changes this projection, the only one; see ``ParameterTree``.
    public mutating func modifyProjections<Failure: Error>(
        _ body: (inout Projection<Matrix, Vector>) throws(Failure) -> Void
    ) throws(Failure) {
        try body(&self)
    }
}

extension GatedUnit {
    /// Changes its projections in the order in which they are multiplied by.
    public mutating func modifyProjections<Failure: Error>(
        _ body: (inout Projection<Matrix, Vector>) throws(Failure) -> Void
    ) throws(Failure) {
        try body(&gate)
        try body(&up)
        try body(&down)
    }
}
