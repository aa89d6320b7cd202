import GygesFiles
import GygesKernels
import GygesTensors

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension CausalModelConfiguration {
    /// The rotary frequencies this configuration asks for, radians a position, one a channel pair.
    ///
    /// - Parameter divisors: Divisors stored beside the weights (`rope_freqs.weight`), which replace ``ropeScaling``.
    /// - Throws: ``FileError`` for scalings that are not implemented yet.
    func rotaryFrequencies(path: String, divisors: [Float]?) throws(FileError) -> [Float] {
        let plain = RotaryTable.frequencies(base: ropeBase, rotaryDimension: rotaryDimension)
        if let divisors { return zip(plain, divisors).map { $0 / $1 } }
        switch ropeScaling {
        case .none: return plain
        case .linear(let factor): return plain.map { $0 / Float(factor) }
        case .llama3(let factor, let lowFrequencyFactor, let highFrequencyFactor, let originalContextLength):
            return plain.map { frequency in
                Self.llama3(
                    frequency, factor: factor, low: lowFrequencyFactor, high: highFrequencyFactor,
                    context: Double(originalContextLength))
            }
        default:
            throw FileError(
                path, at: "rope scaling", "the scaling \(ropeScaling) is not implemented yet",
                remedy: "Use a model with plain, linear or llama3 rotary positions.")
        }
    }

    /// Llama 3.1's scaling: slow turns are slowed by `factor`, fast ones kept, those between blended
    /// (transformers, `modeling_rope_utils.py`, `_compute_llama3_parameters`).
    private static func llama3(
        _ frequency: Float, factor: Double, low: Double, high: Double, context: Double
    ) -> Float {
        let wavelength = 2 * Double.pi / Double(frequency)
        if wavelength < context / high { return frequency }
        if wavelength > context / low { return Float(Double(frequency) / factor) }
        let blend = (context / wavelength - low) / (high - low)
        return Float((1 - blend) * Double(frequency) / factor + blend * Double(frequency))
    }
}

extension TensorSource {
    /// The stored divisors of the rotary frequencies, if the file has any.
    func rotaryDivisors(count: Int, team: ThreadTeam) throws(FileError) -> [Float]? {
        guard let name = names.rotaryDivisors, case .success(let tensor) = tensor(name) else { return nil }
        guard tensor.shape == [count], tensor.format == .f32 else {
            throw FileError(
                path, at: "tensor \(name)", "has shape \(tensor.shape) where [\(count)] of F32 is expected",
                remedy: "Convert the model again.")
        }
        var divisors = [Float](repeating: 1, count: count)
        var span = divisors.mutableSpan
        dequantizeRows(tensor.bytes, format: .f32, columns: count, rows: [0], into: &span, team: team)
        guard divisors.allSatisfy({ $0.isFinite && $0 > 0 }) else {
            throw FileError(
                path, at: "tensor \(name)", "holds values that are not positive", remedy: "Convert the model again.")
        }
        return divisors
    }
}
