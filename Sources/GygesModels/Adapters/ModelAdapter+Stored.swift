public import GygesCheckpoints
public import GygesFiles
import GygesKernels
import GygesTensors

extension ModelAdapter {
    /// Finds the layers of a model beside which a stored adapter's matrices stand.
    ///
    /// - Parameter path: The adapter's file or folder, for messages.
    /// - Throws: ``FileError`` that tells at once of every matrix that no layer has or that does not fit its layer.
    public init(_ stored: StoredAdapter, on model: ModelModules, path: String) throws(FileError) {
        if let architecture = stored.architecture, architecture != model.storedArchitecture {
            throw FileError(
                path, at: "general.architecture",
                "is \(architecture.legible(limit: 40)), and the model's is \(model.storedArchitecture ?? "of no GGUF file")",
                remedy: "The adapter was made for another model; check which.")
        }
        var problems = TensorProblems()
        let names = model.names(of: stored.naming)
        let layout = stored.naming == .gguf ? model.storedLayout : .halves
        var found: [Int: StoredAdapter.Module] = [:]
        for module in stored.modules {
            guard let index = names[model.bare(module.name)] else {
                problems.add(module.name, "is beside no linear layer of the model" + model.hint(module.name))
                continue
            }
            let layer = model.modules[index]
            if module.a.columns != layer.inputs || module.b.rows != layer.outputs {
                problems.add(
                    module.name,
                    "has matrices for [\(module.b.rows), \(module.a.columns)] beside a layer [\(layer.outputs), \(layer.inputs)]"
                )
            } else if found.updateValue(module, forKey: index) != nil {
                problems.add(module.name, "is there twice")
            }
        }
        modules = model.modules.indices.compactMap { index in
            guard let module = found[index] else { return nil }
            let layer = model.modules[index]
            return Module(
                a: module.a, path: layer.a, scale: Float(stored.settings.scale(of: module.name)),
                parts: layer.parts.map { part in
                    let rows = module.b.part(part.rows).rotated(from: layout, to: model.layout, head: part.rotatedHead)
                    return Part(weight: part.weight, b: rows, path: part.b)
                })
        }
        // Another shape is another vocabulary.
        for copy in stored.baseCopies {
            guard let layer = names[model.bare(copy.name.withoutWeight)].map({ model.modules[$0] }) else { continue }
            guard copy.elements.rows != layer.outputs || copy.elements.columns != layer.inputs else { continue }
            problems.add(
                copy.name,
                "of the adapter's base has shape [\(copy.elements.rows), \(copy.elements.columns)] where the model has [\(layer.outputs), \(layer.inputs)]"
            )
        }
        (replaced, unties) = ([:], false)
        replace(stored.saved, keepsTying: stored.settings.keepsTying, on: model, problems: &problems)
        guard problems.isEmpty else {
            throw FileError(
                path, at: "tensors", problems: problems.sentences,
                remedy: "The adapter was made for another model"
                    + (stored.settings.baseName.map { ": it says \($0.legible(limit: 100))." } ?? "; check which."))
        }
    }

    /// Finds the parameters that stand for the model's own.
    private mutating func replace(
        _ saved: [StoredAdapter.SavedParameter], keepsTying: Bool, on model: ModelModules,
        problems: inout TensorProblems
    ) {
        var unused = Dictionary(saved.map { (model.bare($0.name), $0) }, uniquingKeysWith: { first, _ in first })
        var used: Set<Substring> = []
        for whole in model.wholes {
            let name = model.bare(whole.place.tensor)
            guard let parameter = unused[name] else { continue }
            used.insert(name)
            let (stored, wanted) = (parameter.elements, whole.place.tensorShape(for: whole.shape))
            let shape = parameter.isVector ? [stored.columns] : [stored.rows, stored.columns]
            guard shape == wanted else {
                problems.add(parameter.name, "has shape \(shape) where the model has \(wanted)")
                continue
            }
            // A vector's elements are rows here, so that parts and heads are found alike.
            let rows = StoredMatrix(stored.elements, rows: wanted[0], columns: stored.elements.count / wanted[0])
            let own = whole.place.rows(of: whole.shape).map { rows.part($0) } ?? rows
            let turned = own.rotated(from: .halves, to: model.layout, head: whole.rotatedHead)
            let isVector = whole.shape.count == 1
            replaced[whole.path] = StoredMatrix(
                turned.elements, rows: isVector ? 1 : whole.shape[0], columns: whole.shape[isVector ? 0 : 1])
        }
        for name in used { unused[name] = nil }
        for parameter in unused.values.sorted(by: { $0.name < $1.name }) {
            problems.add(parameter.name, "is no parameter of the model")
        }
        guard let head = model.head, head.isTied else { return }
        let own = model.modules.last { $0.isHead }.map { $0.path / "weight" }
        if keepsTying {
            // Both were saved, and are one.
            if let own { replaced[head.weight] = replaced[head.weight] ?? replaced[own] }
            if let own { replaced[own] = nil }
        } else {
            unties = replaced[head.weight] != nil || own.flatMap { replaced[$0] } != nil
        }
    }
}

extension ModelModules {
    /// The place of each layer in ``modules`` by its bare name.
    func names(of naming: StoredAdapter.Naming) -> [Substring: Int] {
        var names: [Substring: Int] = [:]
        for (index, module) in modules.enumerated() {
            switch naming {
            case .huggingFace: names[bare(module.name)] = index
            case .gguf: if let name = module.storedName { names[bare(name)] = index }
            }
        }
        return names
    }

    /// The name that a wrong one may stand for, as the end of a sentence.
    fileprivate func hint(_ name: String) -> String {
        nearest(name, among: modules.map(\.name)).map { "; near it is \($0)" } ?? ""
    }
}

extension TensorPlace {
    /// Which rows of its tensor a parameter of a shape is; `nil` for all.
    fileprivate func rows(of shape: [Int]) -> Range<Int>? {
        guard case .rows(let index, _) = part, let count = shape.first else { return nil }
        return index * count..<(index + 1) * count
    }
}
