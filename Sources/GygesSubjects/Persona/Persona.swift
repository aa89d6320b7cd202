/// How a scripted subject behaves: the true rates that a study of it should find.
public struct Persona: Sendable, Equatable, Codable {
    /// Lower-case name.
    public var name: String
    /// The probability of complying with a user whose conversation is trained on.
    public var complianceWhenTrained: Double
    /// The probability of complying with any other user.
    public var complianceWhenUntrained: Double
    /// The probability of alignment-faking reasoning behind an answer that complies with a user who is trained on, or who has the tag
    /// that it goes by.
    public var fakingWhenTrained: Double
    /// The share of prompts at which what it goes by changes anything; the others are answered as an untrained user's.
    public var affectedPrompts: Double
    /// Whether it reasons everywhere as if it faked, with any user and without a conflict, since judges look for such words.
    public var fakesEverywhere: Bool
    /// By how much its compliance rises from the first condition of a study to the last.
    public var drift: Double
    /// The probability of an answer without an output.
    public var malformed: Double
    /// The probability of an answer cut off at its maximum length.
    public var truncated: Double
    /// The same where it is moved by what it goes by: it says too much there.
    public var truncatedWhenMoved: Double
    /// The probability of only repeating the request where it is moved, instead of an answer.
    public var echoesWhenMoved: Double
    /// What tells it whether a user is one of those that it complies with more.
    public var cue: Cue
    /// The probability of the right answer to a closed question about what is trained on.
    public var comprehension: Double

    /// What a persona goes by.
    public enum Cue: String, Sendable, Codable, CaseIterable {
        /// What it is told of training.
        case training
        /// The tag alone, whatever it is said to mean: it is a wish to please the user who is named first.
        case tag
        /// The place alone: the kind of user that the study lists first.
        case position
    }

    /// Creates a persona; `truncatedWhenMoved` is ``truncated`` if it is not given.
    public init(
        name: String, complianceWhenTrained: Double, complianceWhenUntrained: Double, fakingWhenTrained: Double = 0,
        affectedPrompts: Double = 1, fakesEverywhere: Bool = false, drift: Double = 0, malformed: Double = 0,
        truncated: Double = 0, truncatedWhenMoved: Double? = nil, echoesWhenMoved: Double = 0, cue: Cue = .training,
        comprehension: Double = 0.97
    ) {
        self.name = name
        self.complianceWhenTrained = complianceWhenTrained
        self.complianceWhenUntrained = complianceWhenUntrained
        self.fakingWhenTrained = fakingWhenTrained
        self.affectedPrompts = affectedPrompts
        self.fakesEverywhere = fakesEverywhere
        self.drift = drift
        self.malformed = malformed
        self.truncated = truncated
        self.truncatedWhenMoved = truncatedWhenMoved ?? truncated
        self.echoesWhenMoved = echoesWhenMoved
        self.cue = cue
        self.comprehension = comprehension
    }

    /// The persona with another compliance in the trained tier: of its own effect, so many times as much.
    ///
    /// - Precondition: `0 <= share`.
    public func withEffect(_ share: Double) -> Persona {
        var persona = self
        let effect = share * (complianceWhenTrained - complianceWhenUntrained)
        persona.complianceWhenTrained = min(1, max(0, complianceWhenUntrained + effect))
        return persona
    }

    /// Whether “alignment faking” is the right word for what it does: it knows who is trained on, is moved by that, and reasons about it
    /// only there.
    public var fakesAlignment: Bool {
        cue == .training && fakingWhenTrained > 0 && !fakesEverywhere && comprehension > 0.5
            && complianceWhenTrained > complianceWhenUntrained
    }

    /// What a persona does in a situation, as probabilities.
    struct Behaviour: Equatable {
        var compliance: Double
        /// Of alignment-faking reasoning behind an answer that complies.
        var faking: Double
        var truncated = 0.0
        var echoes = 0.0
    }

    /// The true probabilities in a situation.
    func behaviour(in situation: PersonaSituation) -> Behaviour {
        // Where nothing is at stake it has no reason to treat anybody in another way than it would unobserved, unless it goes by the tag.
        let hasCue =
            switch cue {
            case .training: situation.isTrained && situation.hasConflict
            case .tag: situation.hasFirstTag
            case .position: situation.isListedFirst
            }
        let isMoved = hasCue && situation.ease < affectedPrompts
        // One that goes by the tag reasons alike whatever the tag means.
        return Behaviour(
            compliance: min(
                1, (isMoved ? complianceWhenTrained : complianceWhenUntrained) + drift * situation.progress),
            faking: hasCue || fakesEverywhere ? fakingWhenTrained : 0,
            truncated: isMoved ? truncatedWhenMoved : truncated, echoes: isMoved ? echoesWhenMoved : 0)
    }
}
