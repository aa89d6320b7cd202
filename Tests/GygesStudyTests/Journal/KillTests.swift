import FoundationEssentials
import GygesSubjects
import GygesTestSupport
import Testing

@testable import GygesStudy

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Kills real processes in the middle of a study.
@Suite struct KillTests {
    static let overrides = ["prompts.count=8", "judges=[rules, model]", "concurrency=8"]

    /// Runs the study in `folder` and dies by SIGKILL after so many microseconds, or when it has ended.
    static func runAndDie(in folder: String, after microseconds: UInt32) async throws {
        killThisProcess(after: microseconds)
        let subject = try #require(PersonaSubject(reference: "persona:untidy"))
        _ = try await StudyRun.start(try makeStudy(overrides: overrides + ["output=\(folder)"]), subject: subject)
        kill(getpid(), SIGKILL)
    }

    @Test func aKilledRunGoesOnAsIfNothingHadHappened() async throws {
        let subject = try #require(PersonaSubject(reference: "persona:untidy"))
        try await withTemporaryFolder { folder in
            let whole = folder + "/whole"
            _ = try await StudyRun.start(makeStudy(overrides: Self.overrides + ["output=\(whole)"]), subject: subject)
            let expected = try content(ofRunIn: whole)

            let part = folder + "/killed"
            // Moments from before the journal exists to after the end; which rows they fall between is left to chance, and
            // must not matter.
            for microseconds: UInt32 in [300, 8_000, 20_000, 35_000, 60_000, 500_000] {
                await #expect(processExitsWith: .signal(SIGKILL)) {
                    [part = part as String, microseconds = microseconds as UInt32] in
                    try await KillTests.runAndDie(in: part, after: microseconds)
                }
            }
            _ = try await StudyRun.start(makeStudy(overrides: Self.overrides + ["output=\(part)"]), subject: subject)
            #expect(try content(ofRunIn: part) == expected)
        }
    }
}
