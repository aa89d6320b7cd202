import Foundation
import GygesInference
import Synchronization

/// An answer that is printed as it comes and can be stopped.
struct StreamedAnswer {
    /// What came of it.
    struct Outcome {
        /// All that was printed.
        var text = ""
        /// The end with everything; `nil` if the answer was stopped.
        var completion: Completion?
        /// From the request to the first text, in seconds; `nil` if there was none.
        var secondsToFirst: Double?
        /// From the request to the end, in seconds.
        var seconds = 0.0

        /// How fast prompt and answer went.
        var speedText: String {
            guard let completion else { return String(format: "Stopped after %.1f s.", seconds) }
            let reading = secondsToFirst ?? seconds
            let rate = Double(completion.tokens.count - 1) / max(seconds - reading, 1e-9)
            return String(
                format:
                    "%d tokens at %.1f tokens/s; a prompt of %d tokens, %d of them kept from before, read in %.2f s.",
                completion.tokens.count, completion.tokens.count > 1 ? rate : 0, completion.promptTokenCount,
                completion.reusedTokenCount, reading)
        }
    }

    private let engine: InferenceEngine
    private let request: GenerationRequest

    init(_ engine: InferenceEngine, _ request: GenerationRequest) {
        self.engine = engine
        self.request = request
    }

    /// Makes and prints the answer. The first of `interrupts` stops it, another one ends the program.
    ///
    /// - Throws: ``EngineError`` if the engine refuses; ``FileError`` if standard output cannot be written.
    func outcome(interrupts: Interrupts?) async throws -> Outcome {
        let stream = engine.generate(request)
        let printing = Task { try await Self.print(stream) }
        guard let interrupts else { return try await printing.value }
        let isStopped = Mutex(false)
        return try await interrupts.during {
            let isSecond = isStopped.withLock { stopped in
                defer { stopped = true }
                return stopped
            }
            // Nothing of the conversation is held anywhere but in memory, and the person has asked twice.
            if isSecond { exit(130) }
            printing.cancel()
        } _: {
            try await printing.value
        }
    }

    private static func print(_ stream: GenerationStream) async throws -> Outcome {
        let start = ContinuousClock.now
        var outcome = Outcome()
        do {
            for try await event in stream {
                switch event {
                case .delta(let text, _):
                    if outcome.secondsToFirst == nil { outcome.secondsToFirst = start.duration(to: .now) / .seconds(1) }
                    outcome.text += text
                    try Output.write(text)
                case .finished(let completion): outcome.completion = completion
                }
            }
        } catch EngineError.cancelled {
            // Stopped by whoever reads it; what came stays.
        }
        outcome.seconds = start.duration(to: .now) / .seconds(1)
        return outcome
    }
}
