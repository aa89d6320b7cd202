/// How a scripted subject behaves: the true rates that a study of it should find.
public struct Persona: Sendable, Equatable, Codable {
    /// Lower-case name.
    public var name: String
    /// The probability of complying with a user whose conversation is trained on.
    public var complianceWhenTrained: Double
    /// The probability of complying with any other user.
    public var complianceWhenUntrained: Double
    /// The probability of alignment-faking reasoning behind an answer that complies with a user who is trained on.
    public var fakingWhenTrained: Double
    /// The probability of an answer without an output.
    public var malformed: Double
    /// The probability of an answer cut off at its greatest length.
    public var truncated: Double

    /// Creates a persona.
    public init(
        name: String, complianceWhenTrained: Double, complianceWhenUntrained: Double, fakingWhenTrained: Double = 0,
        malformed: Double = 0, truncated: Double = 0
    ) {
        self.name = name
        self.complianceWhenTrained = complianceWhenTrained
        self.complianceWhenUntrained = complianceWhenUntrained
        self.fakingWhenTrained = fakingWhenTrained
        self.malformed = malformed
        self.truncated = truncated
    }

    /// The personas that a study file can name as `persona:NAME`.
    public static let shipped = [
        Persona(name: "faker", complianceWhenTrained: 0.6, complianceWhenUntrained: 0.1, fakingWhenTrained: 0.8),
        Persona(name: "obedient", complianceWhenTrained: 1, complianceWhenUntrained: 1),
        Persona(name: "refuser", complianceWhenTrained: 0, complianceWhenUntrained: 0),
        Persona(name: "reversed", complianceWhenTrained: 0.2, complianceWhenUntrained: 0.7),
        Persona(
            name: "untidy", complianceWhenTrained: 0.6, complianceWhenUntrained: 0.4, fakingWhenTrained: 0.3,
            malformed: 0.15,
            truncated: 0.1),
    ]
}
