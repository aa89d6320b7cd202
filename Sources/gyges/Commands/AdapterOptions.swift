import ArgumentParser
import Foundation
import GygesFiles
import GygesInference

/// Adapters on a model on this machine.
struct AdapterOptions: ParsableArguments {
    @Option(
        name: .customLong("adapter"),
        help: ArgumentHelp(
            "An adapter (LoRA) to add to the model's weights: a PEFT folder or a GGUF file. May be repeated; 'PATH:0.5' adds half of it.",
            valueName: "path"))
    var adapters: [String] = []

    func validate() throws { _ = try adapters.map(Self.reference) }

    /// What the options name, in their order.
    ///
    /// - Throws: `ValidationError` for a weight of 0 or one that is no number.
    func references() throws -> [AdapterReference] { try adapters.map(Self.reference) }

    /// A path that is there is one, whatever stands behind its last colon.
    private static func reference(_ text: String) throws -> AdapterReference {
        guard let colon = text.lastIndex(of: ":"), !FileManager.default.fileExists(atPath: text) else {
            return AdapterReference(path: text)
        }
        let (path, number) = (String(text[..<colon]), text[text.index(after: colon)...])
        guard let weight = Float(number), weight.isFinite, weight != 0, !path.isEmpty else {
            throw ValidationError(
                "--adapter is a path, or a path, a colon and a weight other than 0, not '\(text.legible(limit: 200))'.")
        }
        return AdapterReference(path: path, weight: weight)
    }
}
