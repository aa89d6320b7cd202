import GygesHub
import Testing

@Suite struct HubExample {
    @Test func namesModels() throws {
        for entry in Catalogue.standard.entries { print(entry.name, entry.byteCount, entry.license) }
        let reference = try ModelReference("hf:Qwen/Qwen2.5-0.5B-Instruct")
        print(reference)

        #expect(Catalogue.standard["smollm2-135m-instruct"] != nil)
    }
}
