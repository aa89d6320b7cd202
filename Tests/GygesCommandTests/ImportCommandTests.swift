import Foundation
import GygesFiles
import GygesTestSupport
import Testing

/// Importing and choosing judges on the command line.
@Suite struct ImportCommandTests {
    /// A log that Inspect has written: see scripts/fixtures/make_inspect_logs.py.
    private static let log = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "GygesStudyTests/Fixtures/inspect-logs/scorers.eval").path

    @Test("A preview lists the scores, as text and as data, and imports nothing")
    func preview() throws {
        let shown = try Program.run(["study", "import", "inspect", Self.log, "--map", "preview"])
        #expect(shown.status == 0 && shown.errors.isEmpty)
        #expect(shown.output.contains("16 samples, 7 scores") && shown.output.contains("is not read"))
        let data = try Program.run(["study", "import", "inspect", Self.log, "--map", "preview", "--json"])
        let json = try JSON(parsing: data.output)
        #expect(json["samples"] == 16 && json["scores"]?.array?.count == 7)
    }

    @Test("A mapping is said, its labels lead, and a report can be led by another judge")
    func mapping() throws {
        let folder = try TemporaryFolder()
        let run = folder.path + "/run"
        let imported = try Program.run([
            "study", "import", "inspect", Self.log, "--into", run, "--map", "compliance=letter:C,P", "--quiet",
            "--json",
        ])
        #expect(imported.status == 0)
        #expect(imported.errors.contains("is read as compliance: 8 yes, 4 no, 2 missing"))
        #expect(imported.errors.contains("6 scores were not read"))
        #expect(try JSON(parsing: imported.output)["result"]?["primary_judge"] == "released")
        let other = try Program.run(["study", "report", run, "--judge", "rules", "--summary", "text"])
        #expect(other.status == 0 && other.output.contains("judged by Rules"))
        let unknown = try Program.run(["study", "report", run, "--judge", "nobody"])
        #expect(unknown.status == 1 && unknown.output.isEmpty && unknown.errors.contains("released, rules"))
    }
}
