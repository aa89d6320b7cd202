import GygesFiles
import Testing

@Suite struct FilesExample {
    @Test func readsJSON() throws {
        let text = #"{"name": "ring", "layers": [1, 2, 3]}"#
        // Members keep their order, integers stay integers.
        let json = try JSON(parsing: text, path: "ring.json")
        print(json["name"]?.string ?? "", json["layers"]?.array?.count ?? 0)
        print(json.serialized())

        #expect(json.serialized() == #"{"name":"ring","layers":[1,2,3]}"#)
    }
}
