import GygesFiles

/// What a worker tells its front of a request, along with the answer: what was used, and why the answer ended.
///
/// A whole answer carries it as a header field. A stream carries comments (HTML Standard, 9.2) before the events that they are about, so
/// that the front knows what was used so far whenever the worker dies or the client leaves. Neither is handed on to clients.
public struct WorkerReport: Sendable, Equatable {
    /// The name of the header field.
    public static let field = "Gyges-Usage"
    private static let mark = Array(": gyges-usage ".utf8)

    /// Tokens of the prompt.
    public var promptTokens: Int
    /// Tokens that were generated.
    public var completionTokens: Int
    /// Tokens of the prompt that were known already; `nil` as long as nothing is known of them.
    public var cachedTokens: Int?
    /// From the worker's having the request to the first token, in seconds.
    public var firstToken: Double?
    /// The status that the request has in the end; `nil` while it is answered.
    public var status: Int?
    /// Why its answers ended.
    public var finishReasons: [String]

    /// Creates a report.
    public init(
        promptTokens: Int = 0, completionTokens: Int = 0, cachedTokens: Int? = nil, firstToken: Double? = nil,
        status: Int? = nil, finishReasons: [String] = []
    ) {
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        self.cachedTokens = cachedTokens
        self.firstToken = firstToken
        self.status = status
        self.finishReasons = finishReasons
    }

    /// Reads a report as it was written; `nil` if it is none.
    public init?(_ text: String) {
        guard let json = try? JSON.parse(Array(text.utf8), path: "a worker's report"),
            let prompt = json["prompt_tokens"]?.integer, let completion = json["completion_tokens"]?.integer
        else { return nil }
        promptTokens = prompt
        completionTokens = completion
        cachedTokens = json["cached_tokens"]?.integer
        firstToken = json["first_token_seconds"]?.double
        status = json["status"]?.integer
        finishReasons = (json["finish_reasons"]?.array ?? []).compactMap(\.string)
    }

    /// The report on one line.
    public var text: String {
        var object = JSONObject([
            ("prompt_tokens", .integer(promptTokens)), ("completion_tokens", .integer(completionTokens)),
        ])
        object["cached_tokens"] = cachedTokens.map { .integer($0) }
        object["first_token_seconds"] = firstToken.map { .double($0) }
        object["status"] = status.map { .integer($0) }
        if !finishReasons.isEmpty { object["finish_reasons"] = .array(finishReasons.map { .string($0) }) }
        return JSON.object(object).serialized()
    }

    /// The report as a comment of a stream.
    public var comment: [UInt8] { Self.mark + Array("\(text)\n\n".utf8) }

    init?(comment event: some Collection<UInt8>) {
        guard event.starts(with: Self.mark) else { return nil }
        self.init(String(decoding: event.dropFirst(Self.mark.count), as: UTF8.self))
    }
}

/// Takes reports out of a stream, however its bytes are cut.
struct ReportStrainer {
    private var held: [UInt8] = []
    private var searched = 0
    /// The longest event that is waited for.
    private static let limit = 64 << 20

    /// Takes bytes in, and gives back the events that they complete.
    ///
    /// - Throws: ``WorkerLost`` for an event that has no end.
    mutating func take(_ bytes: [UInt8]) throws(WorkerLost) -> (passed: [UInt8], reports: [WorkerReport]) {
        held += bytes
        var (passed, reports, start): ([UInt8], [WorkerReport], Int) = ([], [], 0)
        var place = max(searched, 1)
        while place < held.count {
            guard held[place] == UInt8(ascii: "\n"), held[place - 1] == UInt8(ascii: "\n"), place > start else {
                place += 1
                continue
            }
            let event = held[start...place]
            if let report = WorkerReport(comment: event) { reports.append(report) } else { passed += event }
            start = place + 1
            place = start + 1
        }
        held.removeFirst(start)
        searched = max(held.count, 1)
        guard held.count <= Self.limit else { throw WorkerLost() }
        return (passed, reports)
    }

    /// What is left when the stream has ended: an event that was not completed.
    mutating func finish() -> [UInt8] {
        defer { held = [] }
        return held
    }
}
