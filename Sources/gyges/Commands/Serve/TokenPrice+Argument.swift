import ArgumentParser
import GygesFiles
import GygesServing

extension TokenPrice {
    /// A price as a command line has it: MODEL=PROMPT,ANSWER or MODEL=PROMPT,ANSWER,SECOND.
    init(argument: String) throws {
        let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
        let numbers = parts.count == 2 ? parts[1].split(separator: ",", omittingEmptySubsequences: false) : []
        let values = numbers.compactMap { Double($0) }.filter { $0.isFinite && $0 >= 0 }
        guard (2...3).contains(numbers.count), values.count == numbers.count else {
            throw ValidationError(
                "'\(argument.legible(limit: 200))' is no price: write MODEL=PROMPT,ANSWER or MODEL=PROMPT,ANSWER,SECOND."
            )
        }
        self.init(model: parts[0], prompt: values[0], completion: values[1], second: values.count == 3 ? values[2] : 0)
    }
}
