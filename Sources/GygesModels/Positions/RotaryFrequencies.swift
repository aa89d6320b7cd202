public import GygesCheckpoints
import GygesFiles
import GygesKernels
import GygesTensors

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension CausalModelConfiguration {
    /// The rotary frequencies within the native window, radians a position, one a channel pair.
    ///
    /// - Parameter divisors: Divisors stored beside the weights (`rope_freqs.weight`), applied before ``ropeScaling``.
    /// - Throws: ``FileError`` for scalings that are not implemented.
    func rotaryFrequencies(path: String, divisors: [Float]?) throws(FileError) -> [Double] {
        var plain = RotaryTable.frequencies(base: ropeBase, rotaryDimension: rotaryDimension)
        if let divisors { plain = zip(plain, divisors).map { $0 / Double($1) } }
        // YaRN begins where the native window ends: `LongContext`.
        if case .yarn = ropeScaling { return plain }
        return try ropeScaling.stretched(plain, base: ropeBase, path: path)
    }
}

extension RopeScaling {
    /// Rotary frequencies for the stretched positions, radians a position.
    ///
    /// - Throws: ``FileError`` for scalings that are not implemented.
    func stretched(_ plain: [Double], base: Double, path: String) throws(FileError) -> [Double] {
        switch self {
        case .none: return plain
        case .linear(let factor): return plain.map { $0 / factor }
        case .yarn(let yarn): return yarn.stretched(plain, base: base)
        case .llama3(let factor, let lowFrequencyFactor, let highFrequencyFactor, let originalContextLength):
            return plain.map { frequency in
                Self.llama3(
                    frequency, factor: factor, low: lowFrequencyFactor, high: highFrequencyFactor,
                    context: Double(originalContextLength))
            }
        case .other(let kind):
            throw FileError(
                path, at: "rope scaling", "the scaling \(kind) is not implemented",
                remedy: "Use a model with plain, linear, llama3 or yarn rotary positions.")
        }
    }

    /// Llama 3.1's scaling: slow rotations are slowed by `factor`, fast ones kept, those between blended
    /// (transformers, `modeling_rope_utils.py`, `_compute_llama3_parameters`).
    private static func llama3(
        _ frequency: Double, factor: Double, low: Double, high: Double, context: Double
    ) -> Double {
        let wavelength = 2 * Double.pi / frequency
        if wavelength < context / high { return frequency }
        if wavelength > context / low { return frequency / factor }
        let blend = (context / wavelength - low) / (high - low)
        return (1 - blend) * frequency / factor + blend * frequency
    }
}

extension YarnScaling {
    /// Stretches rotary frequencies: pairs that rotate often within the original context keep theirs, those that rotate less
    /// than ``betaSlow`` times are slowed by ``factor``, and those between are blended (transformers,
    /// `_compute_yarn_parameters`).
    ///
    /// - Parameters:
    ///   - frequencies: One a channel pair; plain ones are `base^(-2i/d)`.
    ///   - base: The rotary base. With one of 1 all pairs rotate alike, and all are slowed.
    public func stretched(_ frequencies: [Double], base: Double) -> [Double] {
        guard base > 1 else { return frequencies.map { $0 / factor } }
        let dimension = Double(2 * frequencies.count)
        /// The pair, as a real number, that rotates so often within the original context.
        func pair(rotating rotations: Double) -> Double {
            dimension * log(Double(originalContextLength) / (rotations * 2 * .pi)) / (2 * log(base))
        }
        var low = pair(rotating: betaFast)
        var high = pair(rotating: betaSlow)
        if truncates {
            low.round(.down)
            high.round(.up)
        }
        low = max(low, 0)
        high = min(high, dimension - 1)
        if low == high { high += 0.001 }
        return frequencies.enumerated().map { index, frequency in
            let ramp = min(max((Double(index) - low) / (high - low), 0), 1)
            return frequency * (ramp / factor + (1 - ramp))
        }
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
