import GygesFiles

/// Reads what an endpoint says was used, and reports it as workers do.
struct EndpointUsage {
    /// Routes whose answers are noted even where nothing is said of what was used.
    private static let counted = ["/v1/chat/completions", "/v1/completions"]
    /// The longest event that is waited for.
    private static let limit = 4 << 20

    private let isCounted: Bool
    /// Whether the endpoint was asked to say what was used, and the client has not.
    private let isHidden: Bool
    private let begin = ContinuousClock.now
    private var held: [UInt8] = []
    private var report = WorkerReport()

    /// Asks for what was used, where streams say that only if they are asked.
    ///
    /// - Parameter members: The request.
    init(_ members: inout JSONObject, route: String) {
        isCounted = Self.counted.contains(route)
        guard isCounted, members["stream"]?.bool == true else {
            isHidden = false
            return
        }
        var options = members["stream_options"]?.object ?? JSONObject()
        isHidden = options["include_usage"]?.bool != true
        options["include_usage"] = true
        members["stream_options"] = .object(options)
    }

    /// What a whole answer says; `nil` for a route that counts nothing, and for errors.
    func report(of body: [UInt8], status: Int) -> WorkerReport? {
        guard status < 400 else { return nil }
        let json = try? JSON.parse(body, path: "an endpoint's answer")
        guard isCounted || json?["usage"]?.object != nil else { return nil }
        var report = WorkerReport(status: status)
        if let json { Self.note(json, in: &report) }
        return report
    }

    /// A stream's bytes as they are handed on: whole events, with what was used in comments.
    ///
    /// - Throws: ``EndpointFault`` for an event that has no end.
    mutating func stream(_ bytes: [UInt8]) throws(EndpointFault) -> [UInt8] {
        // Events may end with either kind of line end; data have none of them inside.
        held += bytes.filter { $0 != UInt8(ascii: "\r") }
        var passed: [UInt8] = []
        let end = Array("\n\n".utf8), mark = Array("data: ".utf8)
        while let range = held.firstRange(of: end) {
            let event = Array(held[..<range.upperBound])
            held.removeSubrange(..<range.upperBound)
            guard event.starts(with: mark),
                let json = try? JSON.parse(Array(event.dropFirst(mark.count)), path: "an endpoint's stream")
            else {
                passed += event
                continue
            }
            if report.firstToken == nil { report.firstToken = (.now - begin) / .seconds(1) }
            Self.note(json, in: &report)
            let isUsage = json["usage"]?.object != nil
            if isUsage { passed += report.comment }
            // An event of its own that the client has not asked for.
            if isUsage, isHidden, json["choices"]?.array?.isEmpty ?? true { continue }
            passed += event
        }
        guard held.count <= Self.limit else {
            throw EndpointFault(problem: "sends an event without an end", isReached: true)
        }
        return passed
    }

    /// What is left of a stream that has ended.
    mutating func end() -> [UInt8] {
        defer { held = [] }
        report.status = 200
        return report.comment + held
    }

    private static func note(_ json: JSON, in report: inout WorkerReport) {
        for choice in json["choices"]?.array ?? [] {
            if let reason = choice["finish_reason"]?.string { report.finishReasons.append(String(reason.prefix(40))) }
        }
        guard let usage = json["usage"], usage.object != nil else { return }
        report.promptTokens = max(0, usage["prompt_tokens"]?.integer ?? usage["total_tokens"]?.integer ?? 0)
        report.completionTokens = max(0, usage["completion_tokens"]?.integer ?? 0)
        report.cachedTokens = usage["prompt_tokens_details"]?["cached_tokens"]?.integer.map { max(0, $0) }
    }
}
