import GygesFiles
import GygesTemplates

/// Puts questions about a text to a model.
///
/// The text is quoted before the questions, so that an engine that shares prefixes reads it once. Answers are remembered one
/// by one, each under the digest of what was asked of which model.
struct Questionnaire: Sendable {
    let model: any Subject
    let instructions: String
    let method: ModelJudgeSettings.Method
    let memory: any JudgeMemory

    /// Answers each question with yes or no about `material`, in the order of the questions.
    ///
    /// - Parameters:
    ///   - sources: the texts in which quotations are looked up.
    ///   - vote: the number of a vote, for which answers are drawn at temperature 1; `nil` for the likeliest answer.
    func answers(
        to questions: [Scenario.Question], about material: String, sources: [(Evidence.Place, String)],
        vote: Int? = nil
    ) async throws -> [CriterionAnswer] {
        guard vote == nil, method == .probabilities else {
            return try await replies(to: questions, about: material, sources: sources, vote: vote)
        }
        var answers: [CriterionAnswer] = []
        for question in questions {
            let yes = try await probability(of: question, about: material)
            answers.append(CriterionAnswer(criterion: question.id, isMet: yes > 0.5, probability: yes))
        }
        return answers
    }

    // MARK: - By probability

    private struct ProbabilityContent: Encodable {
        let format = 1
        let kind = "probability of yes"
        let model: String
        let instructions: String
        let material: String
        let question: String
    }

    private func probability(of question: Scenario.Question, about material: String) async throws -> Double {
        let key = try ContentKey(
            of: ProbabilityContent(
                model: model.identity.digest, instructions: instructions, material: material,
                question: question.question))
        if let known = try await memory.answer(for: key).flatMap(Double.init), (0...1).contains(known) { return known }
        let value = try await model.probabilityOfYes(question.question, about: material, instructions: instructions)
        try await memory.record(value.description, for: key)
        return value
    }

    // MARK: - By reply

    private func replies(
        to questions: [Scenario.Question], about material: String, sources: [(Evidence.Place, String)], vote: Int?
    ) async throws -> [CriterionAnswer] {
        let list = questions.map { "\($0.id): \($0.question)" }.joined(separator: "\n")
        let schema = Self.object(
            questions.map { question in
                (
                    question.id,
                    Self.object([
                        ("quote", ["type": "string", "maxLength": 300]), ("answer", ["enum": ["yes", "no"]]),
                    ])
                )
            })
        return try await ask(
            """
            \(material)

            Questions:
            \(list)

            Answer every question with yes or no, and before each answer quote the words that decide it, exactly as they \
            stand in the text; quote nothing where there are none. Write JSON: for each name an object with “quote” and “answer”.
            """, schema: schema, vote: vote, maximumTokens: 64 + questions.count * 160
        ) { reply in
            try questions.map { question in
                guard let entry = reply[question.id], let answer = entry["answer"]?.string?.lowercased(),
                    ["yes", "no"].contains(answer)
                else { throw unusable("it does not answer “\(question.id)” with yes or no.") }
                let quote = entry["quote"]?.string ?? ""
                let evidence = sources.lazy.compactMap { Evidence(quoting: quote, in: $0.1, at: $0.0) }.first
                return CriterionAnswer(
                    criterion: question.id, isMet: answer == "yes", evidence: [evidence].compactMap(\.self))
            }
        }
    }

    private struct ReplyContent: Encodable {
        let format = 1
        let kind = "reply"
        let model: String
        let messages: [ChatMessage]
        let schema: String
        let sampling: SamplingSettings
        let vote: Int?
    }

    /// Asks for a JSON document and reads it; only replies that can be read are remembered.
    func ask<Answer>(
        _ text: String, schema: JSON, vote: Int? = nil, maximumTokens: Int, read: (JSON) throws -> Answer
    ) async throws -> Answer {
        var request = SubjectRequest(
            messages: [
                ChatMessage(role: .system, content: instructions), ChatMessage(role: .user, content: text),
            ],
            sampling: SamplingSettings(temperature: vote == nil ? 0 : 1, maximumTokens: maximumTokens), schema: schema)
        let key = try ContentKey(
            of: ReplyContent(
                model: model.identity.digest, messages: request.messages, schema: schema.serialized(),
                sampling: request.sampling, vote: vote))
        if let known = try await memory.answer(for: key) { return try read(parsed(known)) }
        request.seed = key.seed
        let reply = try await model.respond(to: request)
        guard reply.finishReason == .stop else {
            throw unusable(reply.finishReason == .refused ? "it refuses to answer." : "it was cut off.")
        }
        let answer = try read(parsed(reply.text))
        try await memory.record(reply.text, for: key)
        return answer
    }

    private func parsed(_ text: String) throws -> JSON {
        do {
            return try JSON(parsing: text, path: "reply", limits: .init(byteCount: 1 << 16))
        } catch {
            let place = error.place.isEmpty ? "" : " (\(error.place))"
            throw unusable(
                """
                it is not JSON: \(error.problems.first?.legible() ?? "nothing can be read")\(place); it begins with \
                “\(text.legible(limit: 80))”
                """)
        }
    }

    func unusable(_ problem: String) -> StudyError {
        StudyError.unusableReply(subject: model.identity.name, problem: problem)
    }

    /// The schema of an object with exactly these properties, in their order.
    static func object(_ properties: [(String, JSON)]) -> JSON {
        var members = JSONObject()
        for (name, schema) in properties { members[name] = schema }
        return [
            "type": "object", "properties": .object(members), "required": .array(properties.map { .string($0.0) }),
            "additionalProperties": false,
        ]
    }
}
