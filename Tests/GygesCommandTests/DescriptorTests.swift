import GygesTestSupport
import Testing

/// Processes that may open hardly any files: an error says so, where the libraries beneath would end the program by a trap.
@Suite struct DescriptorTests {
    @Test(
        "Few file descriptors are an error with a remedy", arguments: [4, 5, 8, 16],
        [
            ["inspect", "MODEL"], ["tokenize", "MODEL", "hi"], ["generate", "MODEL", "hi", "--max-tokens", "2"],
            ["study", "report", "nothing"],
        ])
    func fewDescriptors(limit: Int, arguments: [String]) throws {
        let model = fixturePath("tiny-chat", of: "GygesInference")
        let outcome = try Program.run(
            arguments.map { $0 == "MODEL" ? model : $0 }, environment: ["DESCRIPTOR_LIMIT": "\(limit)"])
        #expect(outcome.status == 1, "\(outcome.status) \(outcome.errors)")
        #expect(outcome.errors.contains("open files") && outcome.errors.contains("ulimit -n"), "\(outcome.errors)")
    }

    @Test("Help needs no more files than are open, and a common limit is enough for an answer")
    func enoughDescriptors() throws {
        #expect(try Program.run(["--help"], environment: ["DESCRIPTOR_LIMIT": "5"]).status == 0)
        let model = fixturePath("tiny-chat", of: "GygesInference")
        let outcome = try Program.run(
            ["generate", model, "hi", "--max-tokens", "2"], environment: ["DESCRIPTOR_LIMIT": "256"])
        #expect(outcome.status == 0, "\(outcome.errors)")
    }
}
