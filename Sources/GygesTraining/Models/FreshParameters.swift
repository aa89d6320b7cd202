public import GygesTensors

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// The parameters of a model that is trained from nothing: random matrices, gains of 1, biases of 0.
///
/// Every number follows from the seed, the parameter's path and the place, whatever is asked for first.
public struct FreshParameters: ParameterSource {
    /// How matrices are drawn.
    public enum Scheme: String, Sendable, CaseIterable {
        /// From a normal distribution of one width for all, as transformers begins Qwen2.
        case normal
        /// From a normal distribution cut at two widths; what adds to the residual stream is narrower by √(2 · layers), what scores classes or an
        /// untied vocabulary has width 1/√hidden (ModernBERT's `full_megatron`; Warner et al. 2024, appendix A).
        case fullMegatron = "full_megatron"
    }

    private let scheme: Scheme
    private let width: Double
    private let layerCount: Int
    private let bits: KeyedBits

    /// Parameters of a model of so many layers.
    ///
    /// - Parameter width: σ of most matrices; transformers calls it `initializer_range`.
    public init(_ scheme: Scheme, width: Double = 0.02, layerCount: Int, seed: UInt64) {
        self.scheme = scheme
        self.width = width
        self.layerCount = layerCount
        bits = KeyedBits(seed: seed)
    }

    /// A random matrix.
    public func matrix(_ path: ParameterPath, _ shape: MatrixShape) -> TapeMatrix {
        let buffer = ParameterBuffer(rows: shape.rows, columns: shape.columns)
        let bits = bits.branch(path.key)
        let width = width(of: path, columns: shape.columns)
        for place in buffer.elements.indices {
            buffer.elements[place] = Float(width * number(bits, at: UInt64(place)))
        }
        return .trained(buffer)
    }

    /// Ones for a gain, zeros for a bias.
    public func vector(_ path: ParameterPath, _ shape: VectorShape) -> TapeVector {
        let buffer = ParameterBuffer(rows: 1, columns: shape.count)
        if path.components.last == "weight" { buffer.elements.update(repeating: 1) }
        return .trained(buffer)
    }

    private func width(of path: ParameterPath, columns: Int) -> Double {
        guard scheme == .fullMegatron else { return width }
        let parts = path.components
        let name = parts.dropLast().suffix(2).joined(separator: ".")
        switch name {
        case "attention.output", "feed_forward.down": return width / Double(2 * layerCount).squareRoot()
        case "head.scores", "head": return 1 / Double(columns).squareRoot()
        default: return width
        }
    }

    /// A number of a standard normal distribution, cut at ±2 where the scheme says so (Box & Muller 1958).
    private func number(_ bits: KeyedBits, at place: UInt64) -> Double {
        for attempt in 0..<Self.attemptLimit {
            let radius = (-2 * log(1 - bits.fraction(at: place &* 128 &+ 2 &* attempt))).squareRoot()
            let x = radius * cos(2 * .pi * bits.fraction(at: place &* 128 &+ 2 &* attempt &+ 1))
            if scheme == .normal || abs(x) <= 2 { return x }
        }
        return 0  // Once in 10⁸⁰ numbers.
    }

    private static let attemptLimit: UInt64 = 64
}
