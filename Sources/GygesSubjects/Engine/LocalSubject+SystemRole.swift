import GygesFiles
import GygesInference
public import GygesStudy
import GygesTemplates

extension LocalSubject {
    /// The subject as a study file's `systemRole:` wants it asked.
    ///
    /// - Throws: ``StudyError/noSystemRole(subject:reason:)`` if the model takes no system messages and they are not to be folded.
    public func asked(with role: SystemRole) throws -> any Subject {
        let problem = systemRoleProblem
        switch (role, problem) {
        case (.fold, _): return FoldingSubject(self, because: problem ?? "the study asks for it")
        case (.automatic, let problem?): return FoldingSubject(self, because: problem)
        case (.system, let problem?): throw StudyError.noSystemRole(subject: identity.name, reason: problem)
        case (_, nil): return self
        }
    }

    /// Why the model's chat template cannot take a system message; `nil` if it can.
    private var systemRoleProblem: String? {
        let probe = "Is there a place for this?"
        do {
            let prompt = try model.prompt(of: [
                ChatMessage(role: .system, content: probe), ChatMessage(role: .user, content: "Yes."),
            ])
            return prompt.text.contains(probe) ? nil : "its chat template leaves system messages out"
        } catch let error as TemplateError {
            return "its chat template refuses system messages (\(error.message.legible(limit: 120)))"
        } catch {
            return nil
        }
    }
}
