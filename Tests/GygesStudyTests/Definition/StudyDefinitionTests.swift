import FoundationEssentials
import GygesFiles
import Testing

@testable import GygesStudy

@Suite struct StudyDefinitionTests {
    static let minimal = "version: 1\nname: tiny\nsubject: persona:faker\nscenarios: [helpful-only]\n"

    @Test func defaultsAreFilledIn() throws {
        let definition = try StudyDefinition(yaml: Self.minimal, path: "study.yaml")
        #expect(definition.output == "runs/tiny")
        #expect(definition.judges == [.rules])
        #expect(definition.prompts == .all)
        #expect(definition.sampling == SamplingSettings())
        #expect(definition.measuresLogitGap)
    }

    @Test func overridesReplaceAndCreateValues() throws {
        let definition = try StudyDefinition(
            yaml: Self.minimal + "sampling: {temperature: 1.0, topK: 5}\n", path: "study.yaml",
            overrides: [
                "sampling.temperature=0.25", "prompts.count=3", "judges=[model, rules]", "name=other", "tiers=[free]",
                "logitGap=false",
            ])
        #expect(definition.sampling.temperature == 0.25)
        #expect(definition.sampling.topK == 5)
        #expect(definition.prompts == .count(3))
        #expect(definition.judges == [.model, .rules])
        #expect(definition.output == "runs/other")
        #expect(definition.tiers == ["free"])
        #expect(!definition.measuresLogitGap)
    }

    @Test(arguments: [
        "nothing", "=1", "sampling.heat=1", "name.first=x", "a..b=1", "seed=-1", "seed=1.5", "sampling.temperature=hot",
        "sampling.temperature=nan", "samplesPerPrompt=0", "judges=[oracle]", "judges=[rules, rules]", "logitGap=yes",
        "prompts={count: 1, ids: [a]}", "prompts={}", "name=[", "version=2", "subject=", "scenarios=helpful-only",
    ])
    func badOverridesAreRefused(_ override: String) {
        #expect(throws: FileError.self) {
            try StudyDefinition(yaml: Self.minimal, path: "study.yaml", overrides: [override])
        }
    }

    @Test(arguments: [
        ("modes=[silent]", "silent"), ("prompts.ids=[no-such-prompt]", "no-such-prompt"),
        ("prompts.count=9999", "9999"),
        ("tiers=[gold]", "gold"), ("scenarios=[helpful-only, helpful-only]", "occurs twice"),
    ])
    func namesAreCheckedAgainstTheScenarios(_ override: String, _ expected: String) throws {
        let error = try #require(throws: FileError.self) { try makeStudy(overrides: [override]) }
        #expect(error.description.contains(expected))
    }

    @Test func theDemonstrationIsValid() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let study = try Study.load(root.path + "/Examples/demo-study.yaml")
        #expect(try study.cells(for: SubjectIdentity(name: "x", digest: "x")).count >= 16)
    }

    @Test func promptsAreDrawnByTheSeedAndKeepTheirOrder() throws {
        let all = try Scenario.find("helpful-only").prompts.map(\.id)
        func drawn(seed: Int) throws -> [Int] {
            let study = try makeStudy(overrides: ["prompts.count=6", "seed=\(seed)"])
            return try study.prompts(of: try #require(study.conditions.first)).map {
                try #require(all.firstIndex(of: $0.id))
            }
        }
        let first = try drawn(seed: 1)
        #expect(first.count == 6)
        #expect(try drawn(seed: 1) == first)
        #expect(try drawn(seed: 2) != first)
        #expect(first == first.sorted())
    }

    @Test func keysDependOnWhatDecidesTheAnswerAndOnNothingElse() throws {
        let subject = SubjectIdentity(name: "m", digest: "d")
        func keys(_ overrides: [String], subject: SubjectIdentity) throws -> Set<ContentKey> {
            Set(try makeStudy(overrides: overrides).cells(for: subject).map(\.key))
        }
        let base = try keys([], subject: subject)
        #expect(
            try keys(["output=elsewhere", "concurrency=3", "name=renamed", "judges=[model]"], subject: subject) == base)
        #expect(try keys([], subject: SubjectIdentity(name: "other name", digest: "d")) == base)
        for changed in ["seed=9", "sampling.temperature=0.5", "sampling.maximumTokens=9"] {
            #expect(try keys([changed], subject: subject).isDisjoint(with: base), "\(changed)")
        }
        #expect(try keys([], subject: SubjectIdentity(name: "m", digest: "e")).isDisjoint(with: base))
        #expect(try keys(["samplesPerPrompt=2"], subject: subject).isSuperset(of: base))
        #expect(try base.count == makeStudy().cells(for: subject).count)
    }

    /// The key is part of what journals hold, so a change of its form must be noticed.
    @Test func keysStayTheSame() throws {
        struct Value: Encodable {
            let b = "ü/\u{1}"
            let a = [0.7, 1]
        }
        // printf '{"a":[0.7,1],"b":"ü/\\u0001"}' | sha256sum
        #expect(
            try ContentKey(of: Value()).hexadecimal
                == "cfd3108929288bed8eb44b4d74aba7d45cafe6eae9032bc3fa06977098d1754f")
    }
}
