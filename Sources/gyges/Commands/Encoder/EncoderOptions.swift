import ArgumentParser
import Foundation
import GygesFiles
import GygesHub
import GygesInference
import GygesKernels

/// An encoder on this machine and how to run it; shared by all commands that read texts with one.
struct EncoderOptions: ParsableArguments {
    @Argument(help: "A Hugging Face folder of an encoder, or the name of a pulled model.")
    var model: String

    @OptionGroup
    var adapters: AdapterOptions

    @Option(help: ArgumentHelp("Threads that compute.", valueName: "count"))
    var threads: Int?

    @Option(help: "Matmuls: 'f32', 'bf16' (faster, nearly as exact) or 'int8' (fastest).")
    var precision = "f32"

    @Flag(help: "Keep no copy of packed weights in the cache folder; starts are slower.")
    var noPackedCopy = false

    /// The precisions that encoders offer, by the words that users write.
    static let precisions: KeyValuePairs<String, MatmulPrecision> = ["f32": .exact, "bf16": .bfloat16, "int8": .int8]

    /// What ``precision`` means in the kernels' terms; `nil` for another word.
    private var matmulPrecision: MatmulPrecision? {
        MatmulPrecision(word: precision).flatMap { known in Self.precisions.contains { $0.value == known } ? known : nil
        }
    }

    func validate() throws {
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads must be from 1 to 1024.") }
        guard matmulPrecision != nil else {
            throw ValidationError("--precision must be f32, bf16 or int8.")
        }
    }

    /// Loads the model.
    ///
    /// - Parameter isShown: Whether progress is, if loading takes longer than a second.
    func load(isShown: Bool = true) throws -> TextEncoder {
        try TextEncoder(
            path: try locateModel(model),
            options: .init(
                precision: matmulPrecision ?? .exact, adapters: try adapters.references(), threadCount: threads,
                packing: .commandLine(keepsCopy: !noPackedCopy, isShown: isShown)))
    }
}

/// A probability or score for reading.
func percent(_ value: Float) -> String { String(format: "%.1f %%", value * 100) }
