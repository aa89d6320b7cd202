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

/// Calls `body` with the path of a new folder and removes it afterwards.
func withTemporaryFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.path + "/gyges-subjects-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(folder)
}
