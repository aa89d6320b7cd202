import GygesStatistics

/// A question that can be asked of a shorter or longer text.
///
/// Texts of more units hold what those of fewer hold, so that their lengths grow with the number.
struct Recipe {
    /// The numbers of units that the text can have.
    var units: ClosedRange<Int>
    /// A number of units that probably gives the length asked for.
    var guess: Int?
    /// Makes the question with a text of so many units.
    var item: (Int) -> EvaluationItem
}

/// A question whose text has the length that was asked for.
public struct FittedItem: Sendable, Hashable {
    /// The question.
    public var item: EvaluationItem
    /// The tokens of the prompt, template and answer's beginning included, and of the longest answer: at most the length that
    /// was asked for.
    public var tokenCount: Int
    /// How many units of haystack were filled in.
    public var unitCount: Int
}

extension Recipe {
    /// The longest question of at most `length` tokens, its answer included.
    ///
    /// - Parameters:
    ///   - name: what errors call the task.
    ///   - count: the tokens of a prompt.
    /// - Throws: ``EvaluationError`` if the shortest question is longer; what `count` throws.
    func fitted(
        to length: Int, name: String, count: (EvaluationPrompt) throws -> Int
    ) throws -> FittedItem {
        var counted: [Int: FittedItem] = [:]
        let fit = try LengthFit.largestCount(atMost: length, in: units, guess: guess) { units in
            let item = item(units)
            let tokens = try count(item.prompt) + item.answerLimit
            // Only what fits can be asked for again.
            if tokens <= length {
                counted = [units: FittedItem(item: item, tokenCount: tokens, unitCount: units)]
            }
            return tokens
        }
        guard let units = fit.units, let fitted = counted[units] else {
            throw EvaluationError(
                "\(name) takes at least \(fit.smallest) tokens with this model, and \(length) were asked for. "
                    + "Ask for a greater length.")
        }
        return fitted
    }
}

/// Independent generators for the parts of one sample: what one part draws moves nothing in another.
struct SampleSeed {
    let seed: UInt64
    /// Task, length and number of the sample.
    let stream: UInt64

    /// - Precondition: `task < 64`, `0 <= length < 2^28`, `0 <= index < 2^24`; higher bits are cut off.
    init(seed: UInt64, task: Int, length: Int, index: Int) {
        self.seed = seed
        stream =
            UInt64(truncatingIfNeeded: task & 63) << 58 | UInt64(truncatingIfNeeded: length & 0xFFF_FFFF) << 30
            | UInt64(truncatingIfNeeded: index & 0xFF_FFFF) << 6
    }

    enum Part: UInt64 { case keys, places, haystack, example, order }

    func generator(for part: Part) -> SeededGenerator { SeededGenerator(seed: seed, stream: stream | part.rawValue) }
}
