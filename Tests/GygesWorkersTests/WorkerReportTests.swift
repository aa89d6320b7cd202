import GygesTestSupport
import Testing

@testable import GygesWorkers

/// What workers report comes out of streams, however their bytes are cut, and all else comes through.
@Suite struct WorkerReportTests {
    private let reports = [
        WorkerReport(promptTokens: 1, completionTokens: 2),
        WorkerReport(
            promptTokens: 1, completionTokens: 3, cachedTokens: 1, firstToken: 0.5, status: 200,
            finishReasons: ["stop", "length"]),
    ]

    @Test func reportsAreReadAsTheyWereWritten() {
        for report in reports { #expect(WorkerReport(report.text) == report) }
        for text in ["", "{}", "[1]", #"{"prompt_tokens":"a","completion_tokens":1}"#, "{"] {
            #expect(WorkerReport(text) == nil)
        }
    }

    @Test(arguments: 0..<200)
    func streamsAreStrainedWhereverTheyAreCut(_ seed: Int) throws {
        var random = Randomness(seed)
        let parts = [
            Array("data: a\n\n".utf8), reports[0].comment, Array(": keep-alive\n\n\n\n".utf8),
            Array("data: : gyges-usage {}\n\n: gyges-usage no\n\n".utf8), reports[1].comment,
            Array("data: [DONE]\n\nrest".utf8),
        ]
        let wanted = parts[0] + parts[2] + parts[3] + parts[5]
        var (strainer, rest) = (ReportStrainer(), parts.reduce([], +)[...])
        var (passed, found): ([UInt8], [WorkerReport]) = ([], [])
        while !rest.isEmpty {
            let count = 1 + Int(random.next() % 30)
            let taken = try strainer.take(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
            passed += taken.passed
            found += taken.reports
        }
        #expect(passed + strainer.finish() == wanted && found == reports)
    }
}
