import ArgumentParser
import Foundation
import GygesCheckpoints
import GygesFiles
import GygesKernels
import GygesModels

/// `gyges adapter convert`
struct AdapterConvert: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Converts an adapter between a PEFT folder and a GGUF file that llama.cpp reads.",
        discussion: """
            An output that ends in .gguf is a file, any other a folder. Scales stay what they are: of rsLoRA and of alphas by module \
            too, which a GGUF file has no keys for.

            Examples:
              gyges adapter convert runs/lora --base qwen2.5-coder-1.5b-instruct -o lora.gguf
              gyges adapter convert lora.gguf --base Qwen2.5-0.5B -o lora
            """)

    @Argument(help: "A PEFT folder, or a GGUF file of an adapter.")
    var adapter: String

    @Option(
        help: ArgumentHelp(
            "The model that the adapter was made for: a GGUF file, a folder, or the name of a pulled model.",
            valueName: "model"))
    var base: String

    @Option(name: .shortAndLong, help: ArgumentHelp("The GGUF file or the folder to make.", valueName: "path"))
    var output: String

    func run() async throws {
        guard !FileManager.default.fileExists(atPath: output) else {
            throw FileError(output, "is there already", remedy: "Choose another name, or remove it.")
        }
        let model = try ModelModules(path: try locateModel(base), team: ThreadTeam(threadCount: 1))
        let stored = try StoredAdapter(path: adapter)
        let isFile = output.lowercased().hasSuffix(".gguf")
        let converted = try stored.renamed(to: isFile ? .gguf : .huggingFace, on: model, path: adapter)
        if isFile {
            try converted.write(toGGUF: output)
        } else {
            try converted.write(toFolder: output)
        }
        print("\(output): \(converted.modules.count) layers")
        if !stored.baseCopies.isEmpty, isFile {
            Terminal.writeError("note: copies of the base's weights that the folder holds are not part of the file.\n")
        }
    }
}
