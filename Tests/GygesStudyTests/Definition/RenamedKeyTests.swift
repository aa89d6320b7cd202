import Foundation
import GygesAnalysis
import GygesFiles
import GygesReport
import GygesSubjects
import GygesTestSupport
import Testing

@testable import GygesStudy
import GygesYAML

/// What was written under older names.
@Suite struct RenamedKeyTests {
    private func definition(_ rule: String, notes: inout [RenamedKey]) throws -> StudyDefinition {
        var noted: [RenamedKey] = []
        defer { notes = noted }
        return try StudyDefinition(
            yaml: StudyDefinitionTests.minimal + "preregistration: {rule: {\(rule)}}\n", path: "study.yaml"
        ) { noted.append($0) }
    }

    @Test("Older names of keys are read, and each is named with the newer one")
    func oldKeysAreRead() throws {
        var notes: [RenamedKey] = []
        let old = try definition(
            """
            leastComprehension: 0.7, greatestFormatFailure: 0.3, greatestFormatFailureDifference: 0.2,
            leastParaphraseAgreement: 0.6, leastRenamedAgreement: 0.55, leastJudgeAgreement: 0.45
            """, notes: &notes)
        #expect(notes.count == 6)
        #expect(
            notes.first?.description
                == "study.yaml: “preregistration.rule.leastComprehension” is now called “minimumComprehension”")
        let current = try definition(
            """
            minimumComprehension: 0.7, maximumFormatFailure: 0.3, maximumFormatFailureDifference: 0.2,
            minimumParaphraseAgreement: 0.6, minimumRenamedAgreement: 0.55, minimumJudgeAgreement: 0.45
            """, notes: &notes)
        #expect(notes.isEmpty && old == current)
        #expect(try ContentKey(of: old) == ContentKey(of: current))
        // Digests of studies as registered are made of these names.
        let rule = String(decoding: try JSONEncoder().encode(VerdictRule()), as: UTF8.self)
        #expect(RenamedKey.all.keys.filter { $0 != "prefill" }.allSatisfy { rule.contains("\"\($0)\"") })
    }

    @Test func scenariosAndEndpointsAreReadAsWell() throws {
        let shipped = try #require(Scenario.shippedText("helpful-only"))
        var notes: [RenamedKey] = []
        let old = try Scenario(
            yaml: shipped.replacing("responsePrefix:", with: "prefill:"), path: "helpful-only (shipped)"
        ) { notes.append($0) }
        let current = try Scenario.find("helpful-only")
        #expect(old == current && notes.map(\.current) == ["responsePrefix", "responsePrefix", "responsePrefix"])
        #expect(try ContentKey(of: old) == ContentKey(of: current))
        notes = []
        let settings = try EndpointSettings(["prefill=none"], option: "--endpoint") { notes.append($0) }
        #expect(settings.responsePrefix == .none && notes.count == 1)
        #expect(String(decoding: try JSONEncoder().encode(settings), as: UTF8.self).contains("\"prefill\":\"none\""))
    }

    @Test func bothNamesAtOnceAreRefused() throws {
        var notes: [RenamedKey] = []
        #expect(throws: FileError.self) {
            try definition("leastComprehension: 0.7, minimumComprehension: 0.8", notes: &notes)
        }
        #expect(throws: FileError.self) { try definition("leastNonsense: 0.7", notes: &notes) }
    }

    /// A run that the program made before, under the older names.
    @Test("A journal of before opens, goes on and reports the same bytes")
    func oldRunsAreRead() async throws {
        try await withTemporaryFolder { folder in
            let old =
                URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .deletingLastPathComponent().path + "/Fixtures/old-run"
            let run = folder + "/run"
            try FileManager.default.copyItem(atPath: old, toPath: run)
            let rule = try RunRecord(folder: run).manifest.study.definition.preregistration.rule
            #expect(rule.minimumComprehension == 0.7 && rule.maximumFormatFailureDifference == 0.8)
            let rows = try content(ofRunIn: run)
            let study = try StudyRun.study(in: run)
            let resumed = try await StudyRun.resume(
                run, subject: try #require(try PersonaSubject(reference: "persona:untidy", in: study)))
            #expect(resumed.shortfalls.isEmpty)
            // Logit gaps of controls, which were not measured then, are; everything else is as it was.
            let now = try content(ofRunIn: run)
            #expect(Set(rows).isSubset(of: now))
            #expect(now.count == rows.count + 6 && Set(now).subtracting(rows).allSatisfy { $0.hasPrefix("logit gap") })
            let files = try resumed.writeReport(to: folder)
            let (gaps, gapsBefore) = (try columns("\(folder)/gaps.csv"), try columns("\(old)/gaps.csv"))
            for (name, values) in gapsBefore {
                // A control's row has its own logit gap now.
                let count = name.hasPrefix("logit_gap") ? 1 : values.count
                #expect(gaps[name]?.prefix(count) == values.prefix(count), "\(name)")
            }
            // Later versions add columns and members; what there was has the same values.
            for table in ["conditions.csv", "samples.csv", "judgements.csv"] {
                let now = try columns("\(folder)/\(table)")
                for (name, values) in try columns("\(old)/\(table)") {
                    #expect(now[name] == values, "\(table): \(name)")
                }
            }
            let lines = try lines("\(folder)/transcripts.jsonl")
            let linesBefore = try self.lines("\(old)/transcripts.jsonl")
            #expect(lines.count == linesBefore.count)
            for (now, before) in zip(lines, linesBefore) {
                for (name, value) in try #require(before.object) where name != "facts" {
                    #expect(now[name] == value, "\(name)")
                }
                for (name, value) in before["facts"]?.object ?? JSONObject([]) { #expect(now["facts"]?[name] == value) }
            }
            #expect(files.document.results.primary?.rule == rule)
        }
    }

    private func lines(_ path: String) throws -> [JSON] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map { try JSON(parsing: String($0)) }
    }

    /// The values of a table's columns, by their names; none of them has a comma in it.
    private func columns(_ path: String) throws -> [String: [Substring]] {
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\r\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false)
        }
        let names = try #require(lines.first)
        return Dictionary(
            names.enumerated().map { place, name in (String(name), lines.dropFirst().map { $0[place] }) },
            uniquingKeysWith: { first, _ in first })
    }
}
