public import GygesCheckpoints
public import GygesFiles
public import GygesKernels

/// A model's weights with adapters added, on their way into a file.
public struct MergedWeights {
    /// What the elements are stored as.
    public enum Form: String, Sendable, CaseIterable {
        case f32
        case bf16
    }

    /// An adapter, and what its terms are multiplied by.
    public typealias Part = (adapter: StoredAdapter, weight: Float, path: String)

    /// Whether head and embedding, which the base ties, are two matrices now; its configuration must say so.
    public let isUntied: Bool
    private let form: Form
    private let team: ThreadTeam
    private var tensors: [Tensor] = []

    /// A tensor of the result.
    private struct Tensor {
        var name: String
        var shape: [Int]
        /// Where its elements come from: the base, or parameters that were trained whole.
        var source: Source
        /// What adapters add, in their order.
        var terms: [(module: StoredAdapter.Module, scale: Double)] = []
    }

    private enum Source {
        case base(SafetensorsTensor, SafetensorsFile)
        case saved(StoredMatrix)
        /// What holds no weights, such as positions, as it is.
        case copied(SafetensorsTensor, SafetensorsFile)
    }

    /// Finds out what becomes of every tensor of a folder.
    ///
    /// - Parameters:
    ///   - folder: The folder of the base's configuration and weights.
    ///   - adapters: Checked against the base; at most one brings parameters that were trained whole.
    /// - Throws: ``FileError`` if something does not fit.
    public init(
        _ folder: ModelFolder, adding adapters: [Part], form: Form, team: ThreadTeam
    ) throws(FileError) {
        try folder.refusePackedWeights()
        let model = try ModelModules(folder: folder, team: team)
        self.form = form
        self.team = team
        var terms: [Substring: [(module: StoredAdapter.Module, scale: Double)]] = [:]
        var saved: [Substring: StoredAdapter.SavedParameter] = [:]
        var unties = false
        for (adapter, weight, path) in adapters {
            let adapter = try adapter.renamed(to: .huggingFace, on: model, path: path)
            let fitted = try ModelAdapter(adapter, on: model, path: path)
            guard adapter.saved.isEmpty || (weight == 1 && saved.isEmpty) else {
                throw FileError(
                    path, "has parameters that were trained whole, which have no part and do not add up",
                    remedy: "Merge it by itself and without a weight.")
            }
            for module in adapter.modules {
                let scale = adapter.settings.scale(of: module.name) * Double(weight)
                terms[model.bare(module.name), default: []].append((module, scale))
            }
            for parameter in adapter.saved { saved[model.bare(parameter.name)] = parameter }
            unties = unties || fitted.unties
        }
        let head = model.modules.last(where: \.isHead)
        let headName = head.map { model.bare($0.name) + ".weight" }
        if let head, model.head?.isTied ?? false {
            unties = unties || terms[model.bare(head.name)] != nil
            // A tied head is not written beside the embedding.
            if !unties, let headName { saved[headName] = nil }
        }
        isUntied = unties
        var base: [Substring: (tensor: SafetensorsTensor, file: SafetensorsFile)] = [:]
        for file in try folder.weights() {
            for tensor in file.tensors { base[model.bare(tensor.name)] = (tensor, file) }
        }
        for (name, stored) in base.sorted(by: { $0.key < $1.key }) where !(unties && name == headName) {
            let floats: Set<SafetensorsType> = [.f32, .f16, .bf16]
            let source: Source =
                saved.removeValue(forKey: name).map { .saved($0.elements) }
                ?? (floats.contains(stored.tensor.type)
                    ? .base(stored.tensor, stored.file) : .copied(stored.tensor, stored.file))
            let own = terms.removeValue(forKey: Substring(String(name).withoutWeight)) ?? []
            tensors.append(Tensor(name: stored.tensor.name, shape: stored.tensor.shape, source: source, terms: own))
        }
        if unties, let head, let headName, let table = base[model.embeddingName] {
            let source: Source =
                saved.removeValue(forKey: headName).map { .saved($0.elements) } ?? .base(table.tensor, table.file)
            let own = terms.removeValue(forKey: model.bare(head.name)) ?? []
            tensors.append(Tensor(name: head.name + ".weight", shape: table.tensor.shape, source: source, terms: own))
        }
        let lost =
            terms.keys.sorted().map { "the base has no tensor \($0).weight that an adapter could be added to" }
            + saved.keys.sorted().map { "the base has no tensor \($0) that the adapter's could stand for" }
        guard lost.isEmpty else {
            throw FileError(
                folder.path, at: "tensors", problems: lost, remedy: "Use the base that the adapter was made for.")
        }
    }

    /// Writes a safetensors file, a tensor at a time.
    ///
    /// - Parameter progress: Told how many tensors of how many are done.
    /// - Throws: ``FileError`` if the file cannot be written.
    /// - Complexity: O(size of the weights · rank), spread over the threads; memory for the largest tensor.
    public func write(to path: String, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }) throws(FileError) {
        let entries = tensors.map { tensor -> SafetensorsWriter.Outline in
            let type: SafetensorsType
            if case .copied(let stored, _) = tensor.source {
                type = stored.type
            } else {
                type = form == .f32 ? .f32 : .bf16
            }
            return .init(name: tensor.name, type: type, shape: tensor.shape)
        }
        try SafetensorsWriter.write(entries, metadata: [("format", "pt")], to: path) {
            (index, output) throws(FileError) in
            try output.append(bytes(of: tensors[index]))
            progress(index + 1, tensors.count)
        }
    }

    private func bytes(of tensor: Tensor) -> [UInt8] {
        var elements: [Float]
        switch tensor.source {
        case .copied(let stored, let file): return Array(file.bytes(of: stored))
        case .saved(let matrix): elements = matrix.elements
        case .base(let stored, let file): elements = file.floats(of: stored) ?? []
        }
        for (module, scale) in tensor.terms { add(module, scale: scale, to: &elements) }
        return form == .f32 ? elements.bytes : elements.map(\.bfloat16Bits).bytes
    }

    /// Adds `scale · B A`, summed in double and rounded to f32 once.
    private func add(_ module: StoredAdapter.Module, scale: Double, to elements: inout [Float]) {
        let (a, b) = (module.a, module.b)
        elements.withUnsafeMutableBufferPointer { elements in
            nonisolated(unsafe) let elements = elements
            team.run(parts: b.rows) { row in
                var sums = [Double](repeating: 0, count: a.columns)
                for rank in 0..<a.rows {
                    let factor = Double(b.elements[row * b.columns + rank]) * scale
                    for column in 0..<a.columns {
                        sums[column] += factor * Double(a.elements[rank * a.columns + column])
                    }
                }
                for column in 0..<a.columns {
                    let place = row * a.columns + column
                    elements[place] = Float(Double(elements[place]) + sums[column])
                }
            }
        }
    }
}
