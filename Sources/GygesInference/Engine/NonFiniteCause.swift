public import GygesKernels
public import GygesTensors
import GygesCheckpoints
import GygesModels

/// Where logits that are not finite come from, as far as it was found.
public enum NonFiniteCause: Sendable, Equatable {
    /// A parameter of the model holds infinities or what is no number.
    case parameter(ParameterPath)
    /// The parameters are sound, and this layer, from 0, is the first whose cached keys or values are not finite.
    case cache(layer: Int, format: KeyValueFormat)
    /// Parameters and cache are sound: what the last layer and the head make of them is too large.
    case lastLayer(Int)
}

extension NonFiniteCause: CustomStringConvertible {
    /// Where it is and what to try.
    public var description: String {
        switch self {
        case .parameter(let path):
            "The model's parameter \(path) holds values that are not finite: get the model again, or convert it again."
        case .cache(let layer, let format) where format == .f16 || format == .q8:
            "The first that are not finite are keys or values of layer \(layer) in the \(format.rawValue) cache: try another of its "
                + "formats (--kv-cache-format f32 or bf16), and if that does not help, exact products (--precision exact)."
        case .cache(let layer, _):
            "The first that are not finite are keys or values of layer \(layer): try exact products (--precision exact), or "
                + "another copy of the model."
        case .lastLayer(let layer):
            "Keys and values are finite up to the last layer, \(layer): try exact products (--precision exact), or another copy "
                + "of the model."
        }
    }
}

extension EngineLoop {
    /// Looks for what made a sequence's logits infinite or no numbers.
    ///
    /// - Complexity: O(size of the weights), once; then O(keys and values of the sequence).
    func cause(of sequence: LiveSequence) -> NonFiniteCause {
        if let path = nonFiniteParameter { return .parameter(path) }
        let length = KeyValueLayout.blockLength
        for layer in 0..<model.decoder.configuration.layerCount {
            for (number, page) in sequence.pages.pages.enumerated() {
                let count = sequence.computedCount - number * length
                guard count > 0 else { break }
                let block = page.memory + layer * pool.layout.blockByteCount
                if pool.layout.holdsNonFinite(in: UnsafeRawPointer(block), positionCount: count) {
                    return .cache(layer: layer, format: pool.layout.format)
                }
            }
        }
        return .lastLayer(model.decoder.configuration.layerCount - 1)
    }
}
