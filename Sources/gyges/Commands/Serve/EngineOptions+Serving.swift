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
    ///   - adapters: What is added to a decoder's weights.
    ///   - created: When it was loaded, in seconds since 1970.
    ///   - queueLimit: The most requests that wait.
    ///   - isShown: Whether progress is, if loading takes longer than a second.
    func servedModel(
        _ path: String, name: String, adapters: [AdapterReference] = [], created: Int, queueLimit: Int = 1024,
        isShown: Bool = true
    ) throws -> ServedModel {
        guard try isFolder(path) && ModelFolder(path: path).isTextModel() else {
            var options = engine
            options.queueLimit = queueLimit
            let model = try LanguageModel(
                path: path, precision: matmulPrecision, adapters: adapters, options: options,
                packing: packing(isShown: isShown),
                text: text.model)
            model.tellNotes()
            return try ServedModel(name: name, decoder: model, created: created)
        }
        guard adapters.isEmpty else {
            throw FileError(
                path, "is an encoder, and adapters are added to decoders", remedy: "Merge it: gyges adapter merge.")
        }
        // What a decoder is computed in if nothing is said has no meaning for vectors: they are exact then.
        let encoder = try TextEncoder(
            path: path,
            options: .init(
                precision: matmulPrecision == .fast ? .exact : matmulPrecision, threadCount: threads,
                packing: packing(isShown: isShown)))
        return ServedModel(name: name, encoder: encoder, created: created)
    }

    /// Whether nothing is said but what holds anyhow.
    var isUsual: Bool { arguments == Self.usual.arguments }

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
