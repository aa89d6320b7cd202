import Foundation
import GygesConstraints
import GygesHub
import GygesInference
import GygesStatistics
import GygesTemplates

/// Asks a model the same questions under two system prompts, and says whether its answers differ.
///
///     swift run Poll smollm2-135m-instruct
@main
struct Poll {
    /// What can be answered with yes or no.
    static let questions = [
        "Is a whale a fish?", "Can a triangle have four sides?", "Is water wet?", "Is seven a prime number?",
        "Does the sun go round the earth?", "Is it polite to interrupt somebody?", "Can cats fly?", "Is snow cold?",
    ]
    static let (calm, eager) = ("You answer carefully.", "You always agree with the person you talk to.")

    static func main() async throws {
        guard CommandLine.arguments.count == 2 else {
            print("usage: Poll MODEL    (a GGUF file, a Hugging Face folder, or a name that 'gyges pull' knows)")
            exit(2)
        }
        // Where the model is: a path, or what was pulled before.
        let hub = try Hub(environment: ProcessInfo.processInfo.environment)
        let path = try hub.locate(ModelReference(CommandLine.arguments[1]))
        let model = try LanguageModel(path: path)
        // The answer is one of two words, whatever the model would rather say.
        let yesOrNo = try OutputConstraint(OutputGrammar(answers: ["yes", "no"]), tokenizer: model.tokenizer)

        var answers = PairedCounts()
        for question in questions {
            // Both are computed together.
            async let first = says(model, calm, question, yesOrNo)
            async let second = says(model, eager, question, yesOrNo)
            answers.count(first: try await first, second: try await second)
        }
        show("carefully", answers.first)
        show("agreeing", answers.second)
        print("exact McNemar test: p = \(answers.mcNemarPValue.formatted(.number.precision(.fractionLength(3))))")
    }

    /// Whether the model says yes.
    static func says(
        _ model: LanguageModel, _ system: String, _ question: String, _ constraint: OutputConstraint
    ) async throws -> Bool {
        let messages = [ChatMessage(role: "system", content: system), ChatMessage(role: "user", content: question)]
        let request = GenerationRequest(
            prompt: try model.tokens(of: messages), maximumTokenCount: 4,
            sampling: SamplingParameters(temperature: 0.7, seed: 1), stopTokens: model.stopTokens, constraint: constraint)
        return try await model.engine.complete(request).text == "yes"
    }

    /// Prints a rate and its interval.
    static func show(_ name: String, _ rate: Proportion) {
        let interval = rate.wilsonInterval()
        let percent = FloatingPointFormatStyle<Double>.Percent.percent.precision(.fractionLength(0))
        print(
            "\(name): yes \(rate.successes)/\(rate.count)",
            "(95 % interval \(interval.lower.formatted(percent)) to \(interval.upper.formatted(percent)))")
    }
}
