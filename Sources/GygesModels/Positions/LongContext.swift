import GygesCheckpoints
import GygesKernels
public import GygesTensors

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// How texts beyond a model's native window are read.
public enum LongContextMethod: String, Sendable, CaseIterable {
    /// What the model's configuration asks for; Dual Chunk Attention, if it asks for nothing and a longer context is
    /// wanted: a model that was not trained with YaRN is hurt more by its frequencies.
    case automatic = "auto"
    /// Nothing: positions go on as they are.
    case none
    /// YaRN: slow rotary frequencies are slowed further (Peng et al. 2023).
    case yarn
    /// Dual Chunk Attention: relative positions stay below those of training (An et al. 2024).
    case dualChunks = "dual-chunk"
    /// YaRN's frequencies at Dual Chunk Attention's positions (Qwen2.5 technical report §3.3).
    case both
}

/// What is wanted of long texts.
public struct LongContextOptions: Sendable, Equatable {
    /// How texts beyond the native window are read.
    public var method: LongContextMethod
    /// The most tokens of a sequence; `nil` for what the configuration allows, or four native windows if a method is asked
    /// for by name that the configuration does not mention. Taken as 1 or 2^28 if beyond these.
    public var contextLength: Int?

    /// Creates the options.
    public init(method: LongContextMethod = .automatic, contextLength: Int? = nil) {
        self.method = method
        self.contextLength = contextLength
    }
}

/// How a model reads texts beyond the window it was trained on, decided for each request by its full length.
///
/// Within the native window nothing changes: such requests have the same bits whatever is set here.
public struct LongContext: Sendable {
    /// The tokens within which positions need no stretching.
    public let nativeLength: Int
    /// The most tokens of a sequence.
    public let limit: Int
    /// What longer texts get; never ``LongContextMethod/automatic``.
    public let method: LongContextMethod
    private let encoding: PositionEncoding

    /// Decides what `decoder` does with long texts.
    ///
    /// YaRN's factor is the configuration's, or `limit / nativeLength` where that is more; it is the same for all long
    /// requests, so that they can share what they begin with.
    public init(decoder: Decoder, options: LongContextOptions = .init()) {
        let configuration = decoder.configuration
        let native = configuration.nativeContextLength
        var yarn: YarnScaling?
        if case .yarn(let configured) = configuration.ropeScaling { yarn = configured }
        let wanted = options.contextLength.map { min(max($0, 1), 1 << 28) }

        let method: LongContextMethod =
            switch (options.method, yarn != nil, configuration.dualChunks != nil) {
            case (.automatic, true, true): .both
            case (.automatic, true, false): .yarn
            case (.automatic, false, true): .dualChunks
            case (.automatic, false, false): (wanted ?? 0) > native ? .dualChunks : .none
            case (let named, _, _): named
            }
        let usesYarn = method == .yarn || method == .both
        let usesChunks = method == .dualChunks || method == .both
        let declared = max(configuration.contextLength, yarn.map { Int($0.factor * Double(native)) } ?? 0)
        let limit = wanted ?? (method == .none ? native : declared > native ? declared : 4 * native)

        var table = decoder.encoding.table
        if usesYarn {
            let needed = max(1, Double(limit) / Double(native))
            var scaling = yarn ?? YarnScaling(factor: needed, originalContextLength: native)
            scaling.factor = max(scaling.factor, needed)
            table = RotaryTable(
                frequencies: scaling.stretched(decoder.frequencies, base: configuration.ropeBase),
                magnitude: scaling.resolvedAttentionFactor, headDimension: table.headDimension, layout: table.layout)
        }
        let chunks =
            configuration.dualChunks.map { DualChunks(size: $0.chunkSize, localWindow: $0.localSize) }
            ?? DualChunks(nativeContext: native)
        nativeLength = native
        self.limit = limit
        self.method = method
        encoding = PositionEncoding(table: table, chunks: usesChunks ? chunks : nil)
    }

    /// How a sequence is placed that grows to `count` tokens at most; `nil` for the native encoding.
    ///
    /// Dual Chunk Attention without YaRN sharpens the softmax: scores are multiplied by `max(1, 0.1 · ln(count / native) +
    /// 1)`, the same for the whole request, and keys stay as they are. YaRN brings its own factor instead.
    public func encoding(forTokens count: Int) -> PositionEncoding? {
        guard count > nativeLength, method != .none else { return nil }
        guard method == .dualChunks else { return encoding }
        var sharpened = encoding
        sharpened.temperature = Float(max(1, 0.1 * log(Double(count) / Double(nativeLength)) + 1))
        return sharpened
    }
}
