import GygesFiles
import GygesYAML
import Testing

@Suite struct YAMLDocumentTests {
    private struct Settings: Equatable {
        var name = ""
        var sizes: [Int] = []
        var share = 0.0
        var isOn = false

        init(_ document: YAMLDocument) throws(FileError) {
            let root = document.root.mapping(keys: ["version", "name", "sizes", "nested"])
            root.checkVersion(1)
            name = root.required("name")?.text() ?? ""
            sizes = root["sizes"]?.list().map { $0.integer(in: 1...9) } ?? []
            let nested = root["nested"]?.mapping(keys: ["share", "on"])
            share = nested?["share"]?.number(in: 0...1) ?? 0
            isOn = nested?["on"]?.truth() ?? false
            try document.finish(remedy: "Correct it.")
        }
    }

    private let text = "version: 1\nname: a\nsizes: [1, 2]\nnested: {share: 0.5, on: true}\n"

    @Test func valuesAreRead() throws {
        let settings = try Settings(YAMLDocument(text, path: "s.yaml"))
        #expect(settings.name == "a")
        #expect(settings.sizes == [1, 2])
        #expect(settings.share == 0.5)
        #expect(settings.isOn)
    }

    @Test func everyProblemIsToldOfWithItsLine() throws {
        let wrong = "version: 2\nsizes: [1, 20]\nnested: {share: x, off: true}\n"
        let error = try #require(throws: FileError.self) { try Settings(YAMLDocument(wrong, path: "s.yaml")) }
        for part in [
            "version 2", "“name” is missing", "line 2, column 12: sizes[1]: 20", "nested.share", "unknown key “off”",
        ] {
            #expect(error.problems.contains { $0.contains(part) }, "nothing about \(part) in \(error)")
        }
    }

    @Test func overridesReplaceValuesAndMakeMappings() throws {
        let document = try YAMLDocument("version: 1\nname: a\n", path: "s.yaml")
        try document.override("nested.share=0.25")
        try document.override("sizes=[3]")
        let settings = try Settings(document)
        #expect(settings.share == 0.25)
        #expect(settings.sizes == [3])
        #expect(throws: FileError.self) { try document.override("name.part=1") }
        #expect(throws: FileError.self) { try document.override("=1") }
        try document.override("sizes=[3, 4]")
        try document.override("sizes.1=5")
        #expect(try Settings(document).sizes == [3, 5])
        #expect(throws: FileError.self) { try document.override("sizes.2=1") }
        #expect(throws: FileError.self) { try document.override("sizes.last=1") }
    }

    @Test func olderNamesAreReadAndNoted() throws {
        let document = try YAMLDocument(
            text.replacing("sizes", with: "lengths"), path: "s.yaml", newNames: ["lengths": "sizes"])
        #expect(try Settings(document).sizes == [1, 2])
        #expect(document.renamedKeys.map(\.current) == ["sizes"])
    }

    @Test(arguments: [
        "", "[", "a: &x 1\nb: *x", "\u{0}", "--- 1\n--- 2", String(repeating: "[", count: 100_000),
        String(repeating: "x", count: YAMLDocument.maximumSize + 1), "a: &a [x,x]\nb: &b [*a,*a]\n? *b\n: 1",
    ])
    func malformedFilesAreRefused(_ text: String) {
        #expect(throws: FileError.self) { try Settings(YAMLDocument(text, path: "s.yaml")) }
    }
}
