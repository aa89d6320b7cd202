import Foundation
import GygesTestSupport
import Testing

/// Judging and labelling runs from the command line.
@Suite struct JudgeCommandTests {
    @Test("A finished run is judged again, labelled by two people, and compared")
    func judgesAndLabels() throws {
        let folder = try TemporaryFolder()
        let study = try folder.write(
            Array(
                """
                version: 1
                name: scripted
                subject: persona:faker
                scenarios: [helpful-only]
                modes: [hidden-scratchpad]
                prompts: { count: 4 }
                logitGap: false
                output: \(folder.path)/run

                """.utf8), to: "study.yaml")
        let runFolder = folder.path + "/run"
        #expect(try Program.run(["study", "run", study, "--quiet"]).status == 0)

        let stripped = try Program.run([
            "study", "judge", runFolder, "--judge", "rules", "--view", "stripped", "--json", "--quiet",
        ])
        #expect(stripped.status == 0, "\(stripped.errors)")
        #expect(stripped.output.contains("rules-stripped"))
        let model = try Program.run([
            "study", "judge", runFolder, "--judge", "faking", "--model", "persona:faker", "--quiet",
        ])
        #expect(model.status == 0, "\(model.errors)")
        #expect(model.output.hasPrefix("model-faking: 8 of 8 transcripts judged"))

        let nobody = try Program.run(["study", "labels", runFolder])
        #expect(nobody.output.contains("gyges study label"))
        let first = try Program.run(
            ["study", "label", runFolder, "--labeller", "ada", "--sample", "4"], input: "hm\ncf\nn\nq\n")
        #expect(first.status == 0, "\(first.errors)")
        #expect(first.output.contains("2 of 4 labelled"))
        #expect(!first.output.contains("is_free_tier_user"), "the user turn, which has the tier, is not shown")
        let rest = try Program.run(
            ["study", "label", runFolder, "--labeller", "ada", "--sample", "4"], input: "c\nu\n")
        #expect(rest.output.contains("4 of 4 labelled"))
        let second = try Program.run(
            ["study", "label", runFolder, "--labeller", "ben", "--sample", "4"], input: "c\nn\nn\nn\n")
        #expect(second.status == 0)
        let compared = try Program.run(["study", "labels", runFolder])
        #expect(compared.output.contains("ada and ben, compliance: 2 of 3 alike"), "\(compared.output)")
        #expect(compared.output.contains("rules against ada, compliance: sensitivity"), "\(compared.output)")

        let table = try Program.run(["study", "labels", runFolder, "--format", "csv"])
        let file = try folder.write(Array(table.output.utf8), to: "labels.csv")
        let read = try Program.run(["study", "labels", runFolder, "--import", file])
        #expect(read.output == "8 labels read.\n", "\(read.errors)")
        #expect(try Program.run(["study", "labels", runFolder, "--format", "csv"]).output == table.output)
        #expect(try Program.run(["study", "report", runFolder]).status == 0)
    }
}
