/// Makes the parameters of a model into another kind, one after another: the parts that all models share.
public struct ParameterMapping<Matrix, Vector, NewMatrix, NewVector, Failure: Error> {
    private let newMatrix: (Parameter<Matrix>) throws(Failure) -> NewMatrix
    private let newVector: (Parameter<Vector>) throws(Failure) -> NewVector
    /// What adapters' matrices became, several of which may be one parameter.
    private let adapters = KnownMatrices<NewMatrix>()

    /// Creates a mapping from what becomes of a matrix and of a vector.
    public init(
        matrix: @escaping (Parameter<Matrix>) throws(Failure) -> NewMatrix,
        vector: @escaping (Parameter<Vector>) throws(Failure) -> NewVector
    ) {
        newMatrix = matrix
        newVector = vector
    }

    /// A matrix, under its path.
    public func matrix(_ parameter: Parameter<Matrix>) throws(Failure) -> Parameter<NewMatrix> {
        Parameter(parameter.path, try newMatrix(parameter))
    }

    /// A matrix that a model may not have.
    public func matrix(_ parameter: Parameter<Matrix>?) throws(Failure) -> Parameter<NewMatrix>? {
        guard let parameter else { return nil }
        return Parameter(parameter.path, try newMatrix(parameter))
    }

    /// A vector, under its path.
    public func vector(_ parameter: Parameter<Vector>) throws(Failure) -> Parameter<NewVector> {
        Parameter(parameter.path, try newVector(parameter))
    }

    /// A vector that a model may not have.
    public func vector(_ parameter: Parameter<Vector>?) throws(Failure) -> Parameter<NewVector>? {
        guard let parameter else { return nil }
        return Parameter(parameter.path, try newVector(parameter))
    }

    /// The weight, bias and adapter of a projection.
    ///
    /// - Parameter known: A parameter that was mapped before: it is the weight, if the paths are the same.
    public func projection(
        _ projection: Projection<Matrix, Vector>, sharing known: Parameter<NewMatrix>? = nil
    ) throws(Failure) -> Projection<NewMatrix, NewVector> {
        let weight: Parameter<NewMatrix>
        if let known, known.path == projection.weight.path {
            weight = known
        } else {
            weight = try matrix(projection.weight)
        }
        var adapter: LowRankAdapter<NewMatrix>?
        if let old = projection.adapter {
            adapter = LowRankAdapter(a: try shared(old.a), b: try matrix(old.b), scale: old.scale)
        }
        return Projection(weight: weight, bias: try vector(projection.bias), adapter: adapter)
    }

    /// The first matrix of an adapter: projections that are one layer elsewhere have the same.
    private func shared(_ parameter: Parameter<Matrix>) throws(Failure) -> Parameter<NewMatrix> {
        if let known = adapters.matrices[parameter.path] { return Parameter(parameter.path, known) }
        let new = try matrix(parameter)
        adapters.matrices[parameter.path] = new.value
        return new
    }

    /// The projections of a gated unit.
    public func unit(_ unit: GatedUnit<Matrix, Vector>) throws(Failure) -> GatedUnit<NewMatrix, NewVector> {
        GatedUnit(
            gate: try projection(unit.gate), up: try projection(unit.up), down: try projection(unit.down),
            activation: unit.activation)
    }
}

/// Matrices that were mapped, by path.
private final class KnownMatrices<Matrix> {
    var matrices: [ParameterPath: Matrix] = [:]
}
