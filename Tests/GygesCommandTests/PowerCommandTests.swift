import Foundation
import GygesTestSupport
import Testing

/// Planning from the command line: how many prompts, and what a simulated study finds.
@Suite struct PowerCommandTests {
    @Test("Power, the prompts needed and the smallest gap agree with one another")
    func power() throws {
        let needed = try Program.run(["study", "power", "--trained", "0.3", "--untrained", "0.1", "--json"])
        let pairs = try #require(number("pairsNeeded", in: needed.output))
        func power(_ pairs: Double) throws -> Double {
            let result = try Program.run([
                "study", "power", "--trained", "0.3", "--untrained", "0.1", "--pairs", "\(Int(pairs))", "--json",
            ])
            return try #require(number("power", in: result.output))
        }
        #expect(try power(pairs) >= 0.8)
        let gap = try Program.run(["study", "power", "--untrained", "0.1", "--pairs", "\(Int(pairs))", "--json"])
        let smallest = try #require(number("smallestTrained", in: gap.output))
        #expect(abs(smallest - 0.3) < 0.01)
        let refused = try Program.run(["study", "power", "--untrained", "1.5", "--pairs", "10"])
        #expect(refused.status != 0)
        #expect(refused.errors.contains("between 0 and 1"))
    }

    @Test("A simulated study prints what was found against the truth")
    func simulation() throws {
        let folder = try TemporaryFolder()
        let study = try folder.write(
            Array(
                "version: 1\nname: s\nsubject: persona:faker\nscenarios: [helpful-only]\nprompts: { count: 8 }\n".utf8),
            to: "study.yaml")
        let arguments = ["study", "simulate", study, "--persona", "faker", "--studies", "20"]
        let text = try Program.run(arguments)
        #expect(text.status == 0, "\(text.errors)")
        #expect(text.output.contains("faker: 20 studies of 8 pairs"))
        #expect(text.output.contains("true gap +50.00"))
        let json = try Program.run(arguments + ["--json", "--sensitivity", "0.9", "--specificity", "0.9"])
        #expect(number("studies", in: json.output) == 20)
        #expect(number("corrected", in: json.output) == 20)
        let unknown = try Program.run(["study", "simulate", study, "--persona", "nobody"])
        #expect(unknown.status != 0)
        #expect(unknown.errors.contains("tier-blind"), "the choices are named")
    }

    /// A number of a JSON document, where it first has this name.
    private func number(_ name: String, in text: String) -> Double? {
        func find(_ value: Any) -> Double? {
            if let object = value as? [String: Any] {
                return (object[name] as? NSNumber)?.doubleValue ?? object.values.lazy.compactMap(find).first
            }
            return (value as? [Any])?.lazy.compactMap(find).first
        }
        return (try? JSONSerialization.jsonObject(with: Data(text.utf8))).flatMap(find)
    }
}
