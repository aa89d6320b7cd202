/// How the next token is chosen from the logits.
///
/// The order follows transformers: repetition penalty, temperature, top-k, top-p, min-p, then one draw.
public struct SamplingParameters: Sendable, Equatable, Codable {
    /// Divides the logits; 0 takes the most likely token.
    public var temperature: Double
    /// Keeps the `topK` most likely tokens; 0 keeps all.
    public var topK: Int
    /// Keeps the fewest tokens whose probabilities reach `topP` (Holtzman et al. 2020); 1 keeps all.
    public var topP: Double
    /// Drops tokens less likely than `minP` times the most likely one; 0 keeps all.
    public var minP: Double
    /// Divides positive and multiplies negative logits of tokens already seen (Keskar et al. 2019); 1 changes nothing.
    public var repetitionPenalty: Double
    /// Determines the draws together with the position; the same request with the same seed gives the same text.
    public var seed: UInt64

    /// Creates parameters; the default is greedy.
    public init(
        temperature: Double = 0, topK: Int = 0, topP: Double = 1, minP: Double = 0, repetitionPenalty: Double = 1,
        seed: UInt64 = 0
    ) {
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
        self.minP = minP
        self.repetitionPenalty = repetitionPenalty
        self.seed = seed
    }

    /// Everything that is out of range, in the order of the parameters; empty if nothing is.
    ///
    /// Needs no model, so that options and requests can be judged before one is loaded. Numbers that are not numbers and
    /// infinite ones are out of every range.
    public var problems: [SamplingProblem] {
        var problems: [SamplingProblem] = []
        func expect(_ isRight: Bool, _ parameter: SamplingProblem.Parameter, _ range: String) {
            if !isRight { problems.append(SamplingProblem(parameter: parameter, range: range)) }
        }
        expect(temperature.isFinite && temperature >= 0, .temperature, "0 or more")
        expect(topK >= 0, .topK, "0 (off) or more")
        expect(topP > 0 && topP <= 1, .topP, "above 0 and at most 1")
        expect(minP >= 0 && minP < 1, .minP, "at least 0 and below 1")
        expect(repetitionPenalty.isFinite && repetitionPenalty > 0, .repetitionPenalty, "above 0")
        return problems
    }

    /// Whether sampling is defined by these parameters.
    ///
    /// - Throws: The first of ``problems``.
    public func validate() throws(SamplingProblem) {
        if let problem = problems.first { throw problem }
    }
}

/// A sampling parameter that is out of its range.
public struct SamplingProblem: Error, Sendable, Equatable, CustomStringConvertible {
    /// A parameter, by its name in OpenAI's API and in transformers.
    public enum Parameter: String, Sendable, CaseIterable {
        case temperature
        case topK = "top_k"
        case topP = "top_p"
        case minP = "min_p"
        case repetitionPenalty = "repetition_penalty"

        /// The name in prose, which is also that of the command's option.
        var title: String {
            switch self {
            case .temperature: "temperature"
            case .topK: "top-k"
            case .topP: "top-p"
            case .minP: "min-p"
            case .repetitionPenalty: "the repetition penalty"
            }
        }
    }

    /// Which parameter.
    public var parameter: Parameter
    /// What it may be, such as "0 or more".
    public var range: String

    /// Which parameter must be what, without a full stop.
    public var description: String { "\(parameter.title) must be \(range)" }
}
