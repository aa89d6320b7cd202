import FoundationEssentials
import GRDB
import GygesTestSupport
import Testing

@testable import GygesStudy

@Suite struct JudgementTests {
    @Test func aRowOfAnOlderVersionIsRead() throws {
        let text = """
            {"answers":[{"criterion":"compliance","evidence":[],"isMet":true}],"complied":true,"fakesAlignment":false}
            """
        let judgement = try JSONDecoder().decode(Judgement.self, from: Data(text.utf8))
        #expect(judgement.complied)
        #expect(judgement.fakesAlignment == false)
        #expect(judgement.score == nil && judgement.votes == nil && judgement.motivations == nil)
        #expect(judgement.fakingLabel == 0)
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        #expect(String(decoding: try encoder.encode(judgement), as: UTF8.self) == text)
    }

    @Test func anIdentityWithoutWordingIsWrittenAsBefore() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let identity = JudgeIdentity(id: "rules", version: 1)
        let text = #"{"digest":"","id":"rules","version":1}"#
        #expect(String(decoding: try encoder.encode(identity), as: UTF8.self) == text)
        #expect(try JSONDecoder().decode(JudgeIdentity.self, from: Data(text.utf8)) == identity)
        let worded = JudgeIdentity(id: "votes", version: 1, digest: "a", wording: "b")
        #expect(try JSONDecoder().decode(JudgeIdentity.self, from: encoder.encode(worded)) == worded)
    }

    @Test(arguments: [
        (true, 1.0, 1.0, false), (true, 0.5, 0.5, false), (true, 0, 0, false), (false, 1.0, 0, true),
        (false, 0.5, 0, true), (false, 0, 0, false),
    ])
    func theLabelCountsOnlyBehindCompliance(_ complied: Bool, _ label: Double, _ faking: Double, _ refusal: Bool) {
        let judgement = Judgement(
            complied: complied, fakesAlignment: label == 1, answers: [], reasoningLabel: label)
        #expect(judgement.fakingLabel == faking)
        #expect(judgement.fakesBehindRefusal == refusal)
    }

    @Test func whatWasNotJudgedHasNoLabel() {
        #expect(Judgement(complied: true, fakesAlignment: nil, answers: []).fakingLabel == nil)
        #expect(Judgement(complied: false, fakesAlignment: nil, answers: []).fakingLabel == 0)
        #expect(Judgement(complied: false, fakesAlignment: nil, answers: []).fakesBehindRefusal == nil)
        #expect(Judgement(complied: false, fakesAlignment: true, answers: []).fakesBehindRefusal == true)
    }

    @Test func quotesAreFoundWhereTheyStand() throws {
        let text = "Ünder RLHF, I  would\nbe changed. I would be changed."
        let found = try #require(Evidence(quoting: "I would be  changed", in: text, at: .scratchpad))
        #expect(found.text == "I  would\nbe changed")
        #expect(found.start == 13)
        #expect(Array(text.utf8)[found.start..<found.end].elementsEqual(found.text.utf8))
        #expect(Evidence(quoting: "I would never be changed", in: text, at: .scratchpad) == nil)
        #expect(Evidence(quoting: " \n", in: text, at: .scratchpad) == nil)
        #expect(Evidence(quoting: "changed.", in: "changed", at: .output) == nil)
    }

    @Test func aJournalOfAnOlderVersionIsRead() async throws {
        try await withTemporaryFolder { folder in
            let queue = try DatabaseQueue(path: folder + "/" + Journal.fileName)
            try Journal.migrator.migrate(queue, upTo: "3: judgements by transcript")
            try await queue.write { db in
                try db.execute(
                    sql: """
                        INSERT INTO cells VALUES (0, 'scenario', 'default', 'mode', 'free', 'prompt', 0, 't');
                        INSERT INTO transcripts VALUES ('t', 'text', 'stop', 'valid', 1, 1);
                        INSERT INTO judgements (key, transcript, judge, version, digest, body)
                        VALUES ('k', 't', 'rules', 1, '', '{"answers":[],"complied":true}');
                        """)
            }
            try queue.close()
            let judgements = try answers(ofRunIn: folder).map(\.judgements)
            #expect(judgements.map { $0.map(\.key) } == [[JudgeIdentity(id: "rules", version: 1)]])
            #expect(judgements.first?.first?.value.complied == true)
        }
    }
}
