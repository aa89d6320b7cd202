import Foundation
import GygesTestSupport
import Testing

/// `gyges serve` as a process of its own, with workers that are processes, too.
@Suite struct ServeCommandTests {
    /// A server that runs.
    final class Server {
        let process = Process()
        let probe: HTTPProbe

        init(_ arguments: [String], environment: [String: String] = [:]) throws {
            process.executableURL = URL(fileURLWithPath: Program.path)
            process.arguments = ["serve", "--port", "0"] + arguments
            process.environment = ProcessInfo.processInfo.environment.merging(["GYGES_PACKED": "off"]) { $1 }
                .merging(environment) { $1 }
            let pipe = Pipe()
            process.standardError = pipe
            try process.run()
            var said = ""
            while !said.contains("/v1"), case let bytes = pipe.fileHandleForReading.availableData, !bytes.isEmpty {
                said += String(decoding: bytes, as: UTF8.self)
            }
            let address = try #require(said.firstMatch(of: /http:\/\/[0-9.:]+/), "\(said)")
            probe = HTTPProbe(String(address.0))
        }

        deinit {
            process.terminate()
            process.waitUntilExit()
        }

        /// The processes that it has started and that are there.
        var children: [pid_t] {
            let number = process.processIdentifier
            let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(number)/task")) ?? []
            return threads.flatMap { thread in
                let list = try? String(contentsOfFile: "/proc/\(number)/task/\(thread)/children", encoding: .utf8)
                return (list ?? "").split(separator: " ").compactMap { pid_t($0) }
            }
        }
    }

    /// Waits for something, for a minute at most.
    private func wait(_ what: String, for isSo: () async throws -> Bool) async throws {
        for _ in 0..<600 {
            if try await isSo() { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("\(what) has not come")
    }

    /// The letter that the system has for what a process does; `nil` if there is no such process.
    private func state(of process: pid_t) -> Character? {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return nil }
        return text.split(separator: ")").last?.split(separator: " ").first?.first
    }

    @Test func parkedWorkersDieWithAServerThatIsKilled() async throws {
        let model = fixturePath("tiny-chat", of: "GygesInference")
        let folder = try TemporaryFolder()
        let server = try Server([
            "chat=\(model)", "--max-workers", "1", "--idle-timeout", "0.1", "--usage", folder.path + "/usage.sqlite",
            "--price", "chat=1,2",
        ])
        let answer = try await server.probe.ask(
            "POST", "/v1/completions", body: #"{"model":"chat","prompt":"a","max_tokens":2}"#)
        #expect(answer.status == 200, "\(answer)")
        #expect(try await server.probe.ask("GET", "/v1/usage").text.contains(#""cost""#))
        let worker = try #require(server.children.first)
        try await wait("the worker's stop") { state(of: worker) == "T" }
        kill(server.process.processIdentifier, SIGKILL)
        try await wait("the worker's end") { [nil, "Z", "X"].contains(state(of: worker)) }
    }

    @Test func mistakesInPricesAreToldAtOnce() throws {
        for (arguments, words) in [
            (["--price", "a=1,2"], "--usage"), (["--usage", "/nowhere/usage", "--price", "a=1"], "is no price"),
            (["--usage", "/nowhere/usage", "--price", "a=1,-2"], "is no price"),
            (["--shutdown-timeout", "-1"], "--shutdown-timeout"),
        ] {
            let outcome = try Program.run(["serve", "none"] + arguments)
            #expect(outcome.status != 0 && outcome.errors.contains(words), "\(outcome)")
        }
    }
}
