import ArgumentParser
import Foundation
import GygesCheckpoints
import GygesFiles
import GygesInference
import GygesKernels
import GygesModels

/// `gyges adapter merge`
struct AdapterMerge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge", abstract: "Adds adapters to a model's weights and writes the result as a model's folder.",
        discussion: """
            Everything of the folder but its weights is copied. Products are summed in double precision and rounded once.

            Examples:
              gyges adapter merge Qwen2.5-0.5B --adapter runs/lora -o merged
              gyges adapter merge ModernBERT-base --adapter runs/tags --dtype f32 -o tagger
              gyges adapter merge Qwen2.5-0.5B --adapter runs/a:0.5 --adapter runs/b:0.5 -o both
            """)

    @Argument(help: "The folder of a Hugging Face model, or the name of a pulled one.")
    var model: String

    @OptionGroup
    var adapters: AdapterOptions

    @Option(name: .shortAndLong, help: ArgumentHelp("The folder to make.", valueName: "folder"))
    var output: String

    @Option(help: "What weights are stored as: 'bf16' or 'f32'.")
    var dtype = MergedWeights.Form.bf16.rawValue

    @Option(help: ArgumentHelp("Threads that compute.", valueName: "count"))
    var threads: Int?

    @Flag(help: "Show no progress.")
    var quiet = false

    func validate() throws {
        guard !adapters.adapters.isEmpty else {
            throw ValidationError("--adapter is needed: there is nothing to merge.")
        }
        guard MergedWeights.Form(rawValue: dtype) != nil else { throw ValidationError("--dtype must be bf16 or f32.") }
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads must be from 1 to 1024.") }
    }

    func run() async throws {
        let form = MergedWeights.Form(rawValue: dtype) ?? .bf16
        let path = try locateModel(model)
        guard isFolder(path) else {
            throw FileError(
                path, "is no folder: a GGUF file has no configuration and tokenizer that a folder could be made of",
                remedy: "Merge into the model's original folder, or run the file as it is with --adapter.")
        }
        let folder = try ModelFolder(path: path)
        let reader = try folder.tokenReader()
        let parts = try adapters.references().map { reference -> MergedWeights.Part in
            (try StoredAdapter(path: reference.path), reference.weight, reference.path)
        }
        let merged = try MergedWeights(reader, adding: parts, form: form, team: ThreadTeam(threadCount: threads))
        try folder.copyAllButWeights(to: output)
        // Where the model itself lies, if the folder has it in another.
        let own = output + reader.path.dropFirst(folder.path.count)
        var settings: [(String, JSON)] = [("torch_dtype", .string(form == .f32 ? "float32" : "bfloat16"))]
        if try reader.configurationJSON()["dtype"] != nil { settings.append(("dtype", settings[0].1)) }
        if merged.isUntied { settings.append(("tie_word_embeddings", false)) }
        try ModelFolder.setConfiguration(inFolder: own, settings)
        let bar = ProgressBar(.items("tensors"), delay: 1, isShown: !quiet)
        try merged.write(to: own + "/model.safetensors") { bar.update("merging", count: $0, of: $1) }
        bar.finish()
        print(
            "\(output): the model with \(parts.count == 1 ? "its adapter" : "\(parts.count) adapters"), in \(dtype)"
        )
        if merged.isUntied {
            Terminal.writeError(
                "note: head and embedding were one matrix and are two now; tie_word_embeddings says so.\n")
        }
    }
}
