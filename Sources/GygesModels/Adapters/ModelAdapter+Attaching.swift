import GygesCheckpoints
public import GygesKernels
public import GygesTensors

/// Makes of an adapter's floats what an interpreter keeps parameters in.
public struct AdapterForm<Matrix, Vector> {
    /// A matrix beside a projection, or one that stands for the base's.
    var matrix: (Parameter<StoredMatrix>) -> Matrix
    /// A table that is looked up and not multiplied by.
    var table: (Parameter<StoredMatrix>) -> Matrix
    /// A vector that stands for the base's.
    var vector: (Parameter<[Float]>) -> Vector
}

extension AdapterForm where Matrix == WeightMatrix, Vector == WeightVector {
    /// Parameters that are run: matrices are packed in f32, because a quantised adapter would save little memory and lose the small
    /// differences that it consists of. What stands for the base's is packed in the base's precision.
    public static func packed(_ precision: MatmulPrecision, team: ThreadTeam) -> Self {
        Self(
            matrix: { parameter in
                let (value, isAdapter) = (parameter.value, parameter.path.components.contains("adapter"))
                return WeightMatrix(
                    value.elements, rows: value.rows, columns: value.columns, precision: isAdapter ? .exact : precision,
                    team: team)
            },
            table: { WeightMatrix(copying: $0.value.elements, rows: $0.value.rows, columns: $0.value.columns) },
            vector: { WeightVector($0.value) })
    }
}

extension AdapterForm where Matrix == TapeMatrix, Vector == TapeVector {
    /// Parameters that are trained.
    public static var trained: Self {
        func matrix(_ parameter: Parameter<StoredMatrix>) -> TapeMatrix {
            .trained(
                ParameterBuffer(parameter.value.elements, rows: parameter.value.rows, columns: parameter.value.columns))
        }
        return Self(
            matrix: matrix, table: matrix,
            vector: { .trained(ParameterBuffer($0.value, rows: 1, columns: $0.value.count)) })
    }
}

extension ParameterTree {
    /// Puts matrices beside the projections whose weights' paths they name; what stood beside any projection is taken off.
    public mutating func attach(_ modules: [ModelAdapter.Module], in form: AdapterForm<Matrix, Vector>) {
        var adapters: [ParameterPath: LowRankAdapter<Matrix>] = [:]
        for module in modules {
            let a = Parameter(module.path, form.matrix(Parameter(module.path, module.a)))
            for part in module.parts {
                adapters[part.weight] = LowRankAdapter(
                    a: a, b: Parameter(part.path, form.matrix(Parameter(part.path, part.b))), scale: module.scale)
            }
        }
        modifyProjections { $0.adapter = adapters[$0.weight.path] }
    }
}

extension ModelAdapter {
    /// What stands for a matrix of the base; the base's own where nothing does.
    fileprivate func matrix<Matrix, Vector>(
        _ own: Parameter<Matrix>, isTable: Bool, in form: AdapterForm<Matrix, Vector>
    ) -> Matrix {
        guard let value = replaced[own.path] else { return own.value }
        return isTable ? form.table(Parameter(own.path, value)) : form.matrix(Parameter(own.path, value))
    }

    fileprivate func vector<Matrix, Vector>(_ own: Parameter<Vector>, in form: AdapterForm<Matrix, Vector>) -> Vector {
        replaced[own.path].map { form.vector(Parameter(own.path, $0.elements)) } ?? own.value
    }
}

extension DecoderWeights {
    /// The decoder with an adapter. Parameters that the adapter leaves alone are shared with this one.
    public func adapted(by adapter: ModelAdapter, in form: AdapterForm<Matrix, Vector>) -> Self {
        var weights = self
        if adapter.unties, head.weight.path == embedding.path {
            weights.head.weight = Parameter(ParameterPath("head.weight"), head.weight.value)
        }
        if !adapter.replaced.isEmpty {
            let table = weights.head.weight.path == embedding.path ? nil : embedding.path
            weights = weights.map(
                matrix: { adapter.matrix($0, isTable: $0.path == table, in: form) },
                vector: { adapter.vector($0, in: form) })
        }
        weights.attach(adapter.modules, in: form)
        return weights
    }
}

extension EncoderWeights {
    /// The encoder with an adapter. Parameters that the adapter leaves alone are shared with this one.
    public func adapted(by adapter: ModelAdapter, in form: AdapterForm<Matrix, Vector>) -> Self {
        var weights = self
        if adapter.unties, let head, head.scores.weight.path == embedding.path {
            weights.head?.scores.weight = Parameter(ParameterPath("head.scores.weight"), head.scores.weight.value)
        }
        if !adapter.replaced.isEmpty {
            let head = weights.head?.scores.weight.path
            weights = weights.map(
                matrix: { parameter in
                    let isTable = parameter.path.components.first == "embedding" && parameter.path != head
                    return adapter.matrix(parameter, isTable: isTable, in: form)
                },
                vector: { adapter.vector($0, in: form) })
        }
        weights.attach(adapter.modules, in: form)
        return weights
    }
}
