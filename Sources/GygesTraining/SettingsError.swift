/// Why settings of a run cannot be what they are: every problem at once, each with what to do about it.
///
/// Settings come from recipes, whose reader says in which file they stand.
public struct SettingsError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Something that is wrong with a setting.
    public struct Problem: Sendable, Equatable {
        /// The setting, as recipes call it: `optimizer.beta2`.
        public var setting: String
        /// What is wrong and what would be right, in one sentence.
        public var sentence: String

        /// Creates a problem.
        public init(_ setting: String, _ sentence: String) {
            self.setting = setting
            self.sentence = sentence
        }
    }

    /// The problems; never empty.
    public var problems: [Problem]

    /// The problems, a line each.
    public var description: String {
        problems.map { "\($0.setting): \($0.sentence)" }.joined(separator: "\n")
    }
}

/// Collects what is wrong with settings.
struct SettingsCheck {
    private var problems: [SettingsError.Problem] = []

    /// Notes a problem unless `condition` holds.
    mutating func expect(_ condition: Bool, _ setting: String, _ sentence: @autoclosure () -> String) {
        if !condition { problems.append(.init(setting, sentence())) }
    }

    /// Notes the problems that another check threw.
    mutating func merge(_ body: () throws(SettingsError) -> Void) {
        do { try body() } catch { problems += error.problems }
    }

    /// Throws if there is any problem.
    func finish() throws(SettingsError) {
        if !problems.isEmpty { throw SettingsError(problems: problems) }
    }
}
