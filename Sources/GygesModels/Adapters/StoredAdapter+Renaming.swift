public import GygesCheckpoints
public import GygesFiles
import GygesKernels

extension StoredAdapter {
    /// The same adapter under the names, and with the order of rows, of another kind of file of its base.
    ///
    /// Ranks and alphas of modules keep their values; targets become the list of the layers that have matrices.
    ///
    /// - Parameters:
    ///   - model: The base.
    ///   - path: The adapter's file or folder, for messages.
    /// - Throws: ``FileError`` if the adapter does not fit the base, or has what the other kind of file cannot hold.
    public func renamed(to naming: Naming, on model: ModelModules, path: String) throws(FileError) -> StoredAdapter {
        // Whatever does not fit is told as it is where an adapter is used.
        _ = try ModelAdapter(self, on: model, path: path)
        guard naming != self.naming else { return self }
        if naming == .gguf { try refuseWhatGGUFLacks(on: model, path: path) }
        let names = model.names(of: self.naming)
        let layouts = naming == .gguf ? (RotaryLayout.halves, model.storedLayout) : (model.storedLayout, .halves)
        var settings = settings
        (settings.rankPatterns, settings.alphaPatterns) = ([], [])
        var renamed: [Module] = []
        for module in modules {
            guard let layer = names[model.bare(module.name)].map({ model.modules[$0] }) else { continue }
            guard let name = naming == .gguf ? layer.storedName : layer.name else { continue }
            let (rank, alpha) = (self.settings.rank(of: module.name), self.settings.alpha(of: module.name))
            do throws(ModulePattern.Fault) {
                if rank != settings.rank { settings.rankPatterns.append(.init(try ModulePattern(literal: name), rank)) }
                if alpha != settings.alpha {
                    settings.alphaPatterns.append(.init(try ModulePattern(literal: name), alpha))
                }
            } catch {
                throw FileError(path, at: name, error.problem, remedy: "This is a fault of Gyges; report it.")
            }
            var b: [Float] = []
            for part in layer.parts {
                b += module.b.part(part.rows).rotated(from: layouts.0, to: layouts.1, head: part.rotatedHead).elements
            }
            renamed.append(.init(name, a: module.a, b: StoredMatrix(b, rows: module.b.rows, columns: module.b.columns)))
        }
        settings.targets = .names(renamed.map(\.name).sorted())
        var adapter = StoredAdapter(settings: settings, naming: naming, modules: renamed)
        if naming == .gguf { adapter.architecture = model.storedArchitecture }
        return adapter
    }

    private func refuseWhatGGUFLacks(on model: ModelModules, path: String) throws(FileError) {
        func refuse(_ problem: String) -> FileError {
            FileError(
                path, problem,
                remedy: "Merge the adapter into its model ('gyges adapter merge'), and convert the result.")
        }
        guard model.storedArchitecture != nil else {
            throw refuse("is of a model that GGUF files of adapters do not know")
        }
        guard saved.isEmpty else {
            throw refuse(
                "has parameters that were trained whole (\(saved[0].name)), which a GGUF file of an adapter cannot hold"
            )
        }
        let names = model.names(of: .huggingFace)
        for module in modules {
            guard let layer = names[model.bare(module.name)].map({ model.modules[$0] }), layer.storedName == nil else {
                continue
            }
            throw refuse(
                layer.isHead
                    ? "has matrices beside \(module.name), which is the embedding's tensor in a GGUF file"
                    : "has matrices beside \(module.name), which is a part of a tensor in a GGUF file")
        }
    }
}
