public import GygesCheckpoints
public import GygesKernels
public import GygesTensors

extension StoredAdapter {
    /// What was trained of a model, on its way into a file: the adapters beside its projections and the parameters that were trained
    /// whole.
    ///
    /// - Parameters:
    ///   - settings: As they were made with the adapter (``FreshAdapter/settings``).
    ///   - wholes: The paths of parameters that were trained whole.
    ///   - matrix: The elements of a matrix, row after row.
    ///   - vector: The elements of a vector.
    /// - Complexity: O(size of what was trained), copied.
    public init<Weights: ParameterTree>(
        of weights: Weights, on model: ModelModules, settings: AdapterSettings, wholes: Set<ParameterPath>,
        matrix: @escaping (Weights.Matrix) -> StoredMatrix, vector: @escaping (Weights.Vector) -> [Float]
    ) {
        var adapters: [ParameterPath: LowRankAdapter<Weights.Matrix>] = [:]
        for projection in weights.projections { adapters[projection.weight.path] = projection.adapter }
        let modules = model.modules.compactMap { module -> Module? in
            guard let first = module.parts.first.flatMap({ adapters[$0.weight] }) else { return nil }
            var b: [Float] = []
            for part in module.parts {
                guard let adapter = adapters[part.weight] else { return nil }
                b += matrix(adapter.b.value).rotated(from: model.layout, to: .halves, head: part.rotatedHead).elements
            }
            let a = matrix(first.a.value)
            return Module(module.name, a: a, b: StoredMatrix(b, rows: module.outputs, columns: a.rows))
        }
        var trained: [ParameterPath: StoredMatrix] = [:]
        weights.forEachParameter(
            matrix: { if wholes.contains($0.path) { trained[$0.path] = matrix($0.value) } },
            vector: {
                guard wholes.contains($0.path) else { return }
                let elements = vector($0.value)
                trained[$0.path] = StoredMatrix(elements, rows: elements.count, columns: 1)
            })
        // PEFT saves a tied matrix under both names.
        if settings.keepsTying, let head = model.head, head.isTied, let own = model.modules.last(where: \.isHead) {
            trained[own.path / "weight"] = trained[own.path / "weight"] ?? trained[head.weight]
        }
        self.init(settings: settings, modules: modules, saved: Self.joined(trained, on: model))
    }

    /// Parameters as tensors: those that are parts of one lie in it one after another.
    private static func joined(_ trained: [ParameterPath: StoredMatrix], on model: ModelModules) -> [SavedParameter] {
        var saved: [SavedParameter] = []
        for whole in model.wholes {
            guard let own = trained[whole.path] else { continue }
            let rows = own.rotated(from: model.layout, to: .halves, head: whole.rotatedHead)
            let isVector = whole.place.tensorShape(for: whole.shape).count == 1
            var elements = rows.elements
            if let last = saved.last, last.name == whole.place.tensor {
                elements = last.elements.elements + elements
                saved.removeLast()
            }
            let columns = isVector ? elements.count : rows.columns
            saved.append(
                .init(
                    whole.place.tensor, StoredMatrix(elements, rows: elements.count / columns, columns: columns),
                    isVector: isVector))
        }
        return saved
    }
}

extension StoredAdapter {
    /// What a tape trained of a model; see the other initializer.
    public init(
        of weights: some ParameterTree<TapeMatrix, TapeVector>, on model: ModelModules, settings: AdapterSettings,
        wholes: Set<ParameterPath>, team: ThreadTeam
    ) {
        self.init(
            of: weights, on: model, settings: settings, wholes: wholes,
            matrix: { $0.stored(team: team) }, vector: { $0.floats })
    }
}

extension TapeMatrix {
    /// The elements as floats: a copy.
    public func stored(team: ThreadTeam) -> StoredMatrix {
        switch self {
        case .trained(let buffer):
            StoredMatrix(Array(buffer.elements), rows: buffer.rows, columns: buffer.columns)
        case .frozen(let matrix): matrix.stored(team: team)
        }
    }
}

extension TapeVector {
    /// The elements.
    public var floats: [Float] {
        switch self {
        case .trained(let buffer): Array(buffer.elements)
        case .frozen(let vector): vector.elements
        }
    }
}

extension WeightMatrix {
    /// The elements as floats.
    func stored(team: ThreadTeam) -> StoredMatrix {
        var elements = [Float](repeating: 0, count: rows * columns)
        var span = elements.mutableSpan
        dequantizeRows(bytes, format: format, columns: columns, rows: Array(0..<rows), into: &span, team: team)
        return StoredMatrix(elements, rows: rows, columns: columns)
    }
}
