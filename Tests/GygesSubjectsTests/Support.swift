import FoundationEssentials
import GygesStudy

/// A study of shipped scenarios; overrides as on the command line.
func makeStudy(overrides: [String] = []) throws -> Study {
    let definition = try StudyDefinition(
        yaml: """
            version: 1
            name: minimal
            subject: persona:faker
            scenarios: [helpful-only]

            """, path: "study.yaml", overrides: overrides)
    return try Study(
        definition: definition, scenarios: try definition.scenarios.map { try Scenario.find($0) }, path: "study.yaml")
}
