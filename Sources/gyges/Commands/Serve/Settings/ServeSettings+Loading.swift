import Foundation
import GygesBulk
import GygesCheckpoints
import GygesFiles
import GygesInference
import GygesServing

extension ServeSettings.Model {
    /// Loads the model and its adapters.
    ///
    /// - Parameters:
    ///   - step: The checkpoint of a training run; the newest, if not said.
    ///   - created: When they were loaded, in seconds since 1970.
    /// - Throws: `FileError` if they cannot be loaded.
    func load(checkpoint step: Int? = nil, created: Int) async throws -> [ServedModel] {
        guard case .path(let path) = source else { return [] }
        if let run {
            guard let step = step ?? run.steps.last else {
                throw FileError(path, "is a run without checkpoints", remedy: "Wait for the first one.")
            }
            let model = try await run.open(
                step: step, as: "\(name)@\(step)", engine: engine, created: created, queueLimit: queue)
            // The newest is called by the run's name, too.
            return [model, try model.renamed(name)]
        }
        let model = try engine.servedModel(try locateModel(path), name: name, created: created, queueLimit: queue)
        guard !adapters.isEmpty else { return [model] }
        guard case .decoder(let generator) = model.engine else {
            throw FileError(name, "is an encoder, and adapters are for decoders", remedy: "Leave its adapters out.")
        }
        return [model]
            + (try adapters.map { adapter in
                try ServedModel(
                    name: "\(name):\(adapter.name)", decoder: generator.model,
                    adapter: generator.model.loadAdapter([AdapterReference(path: adapter.path)]), created: created)
            })
    }
}

extension ServedModel {
    /// The same under another name.
    fileprivate func renamed(_ name: String) throws -> ServedModel {
        switch engine {
        case .decoder(let generator): try ServedModel(name: name, decoder: generator.model, created: created)
        case .encoder(let encoder): ServedModel(name: name, encoder: encoder, created: created)
        }
    }
}
