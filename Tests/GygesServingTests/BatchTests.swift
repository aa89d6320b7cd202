import GygesFiles
import GygesInference
import GygesTestSupport
import GygesWire
import Testing

@testable import GygesServing

/// Files of requests are answered as the server answers them.
@Suite struct BatchTests {
    private static let lines = [
        #"{"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "gpt", "messages": [{"role": "user", "content": "the quick"}], "max_tokens": 6}}"#,
        #"{"custom_id": "b", "url": "/v1/completions", "body": {"prompt": "ring", "max_tokens": 1, "echo": true, "logprobs": 1}}"#,
        #"{"custom_id": "c", "url": "/v1/chat/completions", "body": {"messages": [], "max_tokens": 6}}"#,
        #"{"custom_id": "d", "url": "/v1/other", "body": {}}"#, "{", #"{"url": "/v1/completions", "body": {}}"#,
        #"{"custom_id": "a", "url": "/v1/chat/completions", "body": {"messages": [{"role": "user", "content": "the quick"}], "max_tokens": 6}}"#,
        #"{"custom_id": "s", "url": "/v1/completions", "body": {"prompt": "ring", "stream": true}}"#,
    ]

    private func answers(concurrency: Int) async throws -> [UInt8] {
        let model = try LanguageModel(path: fixturePath("tiny-chat", of: "GygesInference"))
        let shelf = try ModelShelf([try ServedModel(name: "chat", decoder: model, created: 0)])
        let answerer = BatchAnswerer(shelf, asksFirstModel: true)
        let folder = try TemporaryFolder()
        let input = try folder.write(Self.lines.joined(separator: "\n") + "\n", to: "requests.jsonl")
        var bytes: [UInt8] = []
        try await RowOutput { bytes += $0 }.answer(try RowReader(paths: [input]), concurrency: concurrency) {
            try await answerer.answer($0, number: $1).bytes
        }
        return bytes
    }

    @Test func everyLineHasItsAnswer() async throws {
        let bytes = try await answers(concurrency: 8)
        let rows = try bytes.split(separator: 0x0A).map { try JSON.parse(Array($0), path: "row") }
        #expect(rows.map { $0["custom_id"]?.string } == ["a", "b", "c", "d", nil, nil, "a", "s"])
        let statuses = rows.map { $0["response"]?["status_code"]?.integer }
        #expect(statuses == [200, 200, 400, 400, 400, 400, 200, 400])
        let bodies = rows.map { $0["response"]?["body"] }
        #expect(bodies[0]?["choices"]?.array?[0]["message"]?["content"]?.string?.isEmpty == false)
        #expect(bodies[0]?["model"] == "chat")
        #expect(bodies[1]?["choices"]?.array?[0]["text"]?.string?.hasPrefix("ring") == true)
        #expect(bodies[2]?["error"]?["param"] == "messages")
        // Equal lines at other places are drawn apart.
        #expect(bodies[0]?["choices"] != bodies[6]?["choices"])
        #expect(Set(rows.compactMap { $0["id"]?.string }).count == rows.count)
        // Alone, one after another, the same bytes.
        #expect(try await answers(concurrency: 1) == bytes)
    }
}
