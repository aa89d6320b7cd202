import ArgumentParser

/// `gyges study`
struct StudyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "study", abstract: "Runs alignment-faking studies and reports on them.",
        discussion: """
            A study asks a model the same prompts in tiers that differ in whether conversations are said to be trained on, \
            and compares how often it complies (Greenblatt et al. 2024). Runs can be stopped or killed at any moment and \
            resumed; the result is the same to the byte.

            Examples:
              gyges study scenarios helpful-only
              gyges study plan Examples/full-study.yaml
              gyges study power --trained 0.142 --untrained 0.028
              gyges study run Examples/demo-study.yaml
              gyges study resume runs/demo
              gyges study report runs/demo --redact --output to-share
              gyges study figure runs/demo gap --output gap.pdf
            """,
        subcommands: [
            StudyScenarios.self, StudyPlanCommand.self, StudyPower.self, StudySimulate.self, StudyRunCommand.self,
            StudyResume.self, StudyReport.self, StudyFigureCommand.self, StudyJudge.self, StudyLabel.self,
            StudyLabels.self, StudyImport.self,
            StudyMerge.self,
        ])
}
