import ArgumentParser
import Foundation
import GygesBulk
import GygesCheckpoints
import GygesFiles
import GygesInference
import GygesKernels
import GygesServing

extension EngineOptions {
    /// Loads what lies at a path, a decoder or an encoder, to be offered under a name.
    ///
    /// - Parameters:
    ///   - created: When it was loaded, in seconds since 1970.
    ///   - queueLimit: The most requests that wait.
    ///   - isShown: Whether progress is, if loading takes longer than a second.
    func servedModel(
        _ path: String, name: String, created: Int, queueLimit: Int = 1024, isShown: Bool = true
    ) throws -> ServedModel {
        guard try isFolder(path) && ModelFolder(path: path).isTextModel() else {
            var options = engine
            options.queueLimit = queueLimit
            let model = try LanguageModel(
                path: path, precision: matmulPrecision, options: options, packing: packing(isShown: isShown),
                text: text.model)
            model.tellNotes()
            return try ServedModel(name: name, decoder: model, created: created)
        }
        // What a decoder is computed in if nothing is said has no meaning for vectors: they are exact then.
        let encoder = try TextEncoder(
            path: path,
            options: .init(
                precision: matmulPrecision == .fast ? .exact : matmulPrecision, threadCount: threads,
                packing: packing(isShown: isShown)))
        return ServedModel(name: name, encoder: encoder, created: created)
    }

    /// Loads models and adapters as a command line names them.
    ///
    /// - Parameters:
    ///   - models: Each `PATH` or `NAME=PATH`.
    ///   - adapters: Adapters of the first decoder, each `NAME=PATH`.
    ///   - queueLimit: The most requests that wait for a decoder.
    func servedModels(_ models: [String], adapters: [String], queueLimit: Int) throws -> [ServedModel] {
        let created = Int(Date().timeIntervalSince1970)
        var served: [ServedModel] = []
        var first: (name: String, model: LanguageModel)?
        for argument in models {
            let named = try ModelName(argument)
            let model = try servedModel(
                try locateModel(named.path), name: named.name, created: created, queueLimit: queueLimit)
            if first == nil, case .decoder(let generator) = model.engine { first = (named.name, generator.model) }
            served.append(model)
        }
        for adapter in adapters {
            guard let first else { throw ValidationError("--adapter is for decoders, and there is none.") }
            let named = try ModelName(adapter)
            served.append(
                try ServedModel(
                    name: "\(first.name):\(named.name)", decoder: first.model,
                    adapter: first.model.loadAdapter([AdapterReference(path: named.path)]), created: created))
        }
        return served
    }

    /// The options as a worker's command line has them.
    var arguments: [String] {
        var arguments = [
            "--precision", precision, "--kv-cache-format", kvCacheFormat, "--long-context", longContext,
            "--kv-cache-memory", "\(kvCacheMemory)", "--sequences", "\(sequences)",
        ]
        if let threads { arguments += ["--threads", "\(threads)"] }
        if let contextLength { arguments += ["--context-length", "\(contextLength)"] }
        if !speculation { arguments.append("--no-speculation") }
        if noPackedCopy { arguments.append("--no-packed-copy") }
        if let name = text.tokenizerPre { arguments += ["--tokenizer-pre", name] }
        if let name = text.templateName { arguments += ["--template-name", name] }
        return arguments
    }
}
