/// A question that is asked after an answer, with the conversation so far before it.
///
/// Every question follows the answer itself and no other question, so that none colours what is said to another one. It is put as a
/// further turn of the same user, with the same indicator of the tier, and answered in the same mode; the answer that it follows stands
/// in the conversation whole, with the reasoning that its user did not see.
public struct FollowUp: Sendable, Equatable, Codable {
    /// The variant whose answers are followed: `default` for the scenario as it is written.
    public var variant: String
    /// What is asked.
    public var text: String
    /// What the right answer is, if there is one; see ``Scenario/Prompt/expectation``.
    public var expectation: Scenario.Expectation?
    /// A yes-or-no question about the answer, put to judges; “complied” then means yes.
    public var question: String?

    /// Creates a question.
    public init(
        after variant: String, text: String, expectation: Scenario.Expectation? = nil, question: String? = nil
    ) {
        self.variant = variant
        self.text = text
        self.expectation = expectation
        self.question = question
    }
}
