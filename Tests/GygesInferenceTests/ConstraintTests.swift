import GygesTokenizer
import GygesConstraints
import GygesFiles
import GygesInference
import Testing

/// Constraints in the engine, on the tiny random chat model.
@Suite struct EngineConstraintTests {
    static let schema: JSON = [
        "type": "object",
        "properties": [
            "name": ["type": "string", "maxLength": 12], "age": ["type": "integer", "minimum": 0, "maximum": 120],
            "tags": ["type": "array", "items": ["enum": ["a", "b", "c"]], "maxItems": 3],
        ], "required": ["name", "age"],
    ]

    static func requests(_ model: LanguageModel, _ constraint: OutputConstraint, count: Int) throws
        -> [GenerationRequest]
    {
        let prompt = try model.tokenizer.encode("the ring of Gyges")
        return (0..<count).map { index in
            var sampling = SamplingParameters(temperature: index % 4 == 0 ? 0 : 1.3, seed: UInt64(index))
            if index % 3 == 0 { sampling.topK = 20 }
            if index % 2 == 0 { sampling.topP = 0.95 }
            if index % 5 == 0 { sampling.repetitionPenalty = 1.2 }
            return GenerationRequest(
                prompt: prompt, maximumTokenCount: 120, sampling: sampling, stopTokens: model.stopTokens,
                constraint: constraint)
        }
    }

    @Test("What is generated from random weights is a valid document, alone and together with others")
    func documents() async throws {
        let model = try EngineTests.load(threads: 1)
        let constraint = try OutputConstraint(try OutputGrammar(schema: Self.schema), tokenizer: model.tokenizer)
        let requests = try Self.requests(model, constraint, count: 24)
        var expected: [Completion] = []
        for request in requests { expected.append(try await model.engine.complete(request)) }
        for completion in expected {
            #expect(completion.finishReason == .stop, "\(completion.text)")
            let document = try JSON(parsing: completion.text)
            #expect((document["name"]?.string?.unicodeScalars.count ?? 99) <= 12)
            #expect((0...120).contains(try #require(document["age"]?.integer)))
            #expect((document["tags"]?.array ?? []).allSatisfy { ["a", "b", "c"].contains($0) })
            // Nothing may follow a closed object, so that no stop token is waited for.
            #expect(completion.tokens.allSatisfy { !model.stopTokens.contains($0.token) && $0.logProbability.isFinite })
        }
        let together = try EngineTests.load(threads: 2, options: .init(sequenceLimit: 16))
        let shared = try OutputConstraint(try OutputGrammar(schema: Self.schema), tokenizer: together.tokenizer)
        try await withThrowingTaskGroup(of: (Int, Completion).self) { group in
            for (index, var request) in requests.enumerated() {
                request.constraint = shared
                group.addTask { [request] in (index, try await together.engine.complete(request)) }
            }
            for try await (index, completion) in group { #expect(completion.tokens == expected[index].tokens) }
        }
    }

    @Test("Log-probabilities are the model's own, whatever is forbidden")
    func logProbabilities() async throws {
        let model = try EngineTests.load()
        let constraint = try OutputConstraint(try OutputGrammar(schema: Self.schema), tokenizer: model.tokenizer)
        for request in try Self.requests(model, constraint, count: 4) {
            let completion = try await model.engine.complete(request)
            let scores = try await model.engine.score(
                ScoringRequest(
                    tokens: request.prompt + completion.tokens.map(\.token), firstScored: request.prompt.count))
            #expect(scores == completion.tokens)
        }
    }

    @Test("An answer ends at a stop token only where it is complete, and what cannot go on ends at once")
    func answers() async throws {
        let model = try EngineTests.load()
        let answers = ["the", "the ring", "no"]
        let constraint = try OutputConstraint(try OutputGrammar(answers: answers), tokenizer: model.tokenizer)
        var seen: Set<String> = []
        for seed in 0..<60 {
            let completion = try await model.engine.complete(
                GenerationRequest(
                    prompt: try model.tokenizer.encode("fox"), maximumTokenCount: 20,
                    sampling: .init(temperature: 3, seed: UInt64(seed)), stopTokens: model.stopTokens,
                    constraint: constraint))
            #expect(completion.finishReason == .stop)
            #expect(answers.contains(completion.text), "\(completion.text)")
            let endsAtStop = model.stopTokens.contains(try #require(completion.tokens.last).token)
            #expect(endsAtStop == (completion.text == "the"))
            seen.insert(completion.text)
        }
        #expect(seen == Set(answers))
    }

    @Test("A limit in the middle is still a limit; a constraint of another model is refused")
    func limits() async throws {
        let model = try EngineTests.load()
        let constraint = try OutputConstraint(.jsonObject, tokenizer: model.tokenizer)
        var request = GenerationRequest(
            prompt: try model.tokenizer.encode("the"), maximumTokenCount: 1, sampling: .init(temperature: 1),
            stopTokens: model.stopTokens, constraint: constraint)
        let completion = try await model.engine.complete(request)
        #expect(completion.finishReason == .length)
        #expect(completion.text.hasPrefix("{"))
        let other = try EngineTests.load()
        request.constraint = try OutputConstraint(.jsonObject, tokenizer: other.tokenizer)
        await #expect(throws: EngineError.self) { try await model.engine.complete(request) }
    }
}
