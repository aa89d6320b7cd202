import GygesFiles
import GygesYAML
import Testing

@Suite struct YAMLExample {
    @Test func findsEveryProblem() throws {
        let document = try YAMLDocument("version: 1\nname: ring\nsizes: [3, 40]\n", path: "ring.yaml")
        let root = document.root.mapping(keys: ["version", "name", "sizes"])
        root.checkVersion(1)
        let name = root.required("name")?.identifier() ?? ""
        let sizes = root["sizes"]?.list().map { $0.integer(in: 1...9) } ?? []
        do {
            try document.finish(remedy: "Correct ring.yaml.")
            print(name, sizes)
        } catch {
            print(error)  // ring.yaml: line 3, column 12: sizes[1]: 40 is not between 1 and 9. …
        }

        #expect(document.hasProblems && name == "ring")
    }
}
