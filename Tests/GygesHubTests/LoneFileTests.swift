import Foundation
import GygesFiles
import GygesHub
import GygesTestSupport
import Testing

/// A folder that holds one GGUF file and no other model is that file, as runs of training leave one.
@Suite struct LoneFileTests {
    private func located(_ names: [String]) throws -> String {
        let folder = try TemporaryFolder()
        for name in names { try folder.write("x", to: "model/" + name) }
        let hub = try Hub(environment: ["GYGES_CACHE": folder.path + "/cache", "PATH": ""])
        let found = try hub.locate(try ModelReference(folder.path + "/model"))
        return String(found.dropFirst(folder.path.utf8.count + 1))
    }

    @Test(arguments: [
        (["model.gguf"], "model/model.gguf"), (["model.gguf", "README.md"], "model/model.gguf"),
        (["a-00001-of-00002.gguf", "a-00002-of-00002.gguf"], "model/a-00001-of-00002.gguf"),
        (["a.gguf", "b.gguf"], "model"), (["model.gguf", "config.json"], "model"), (["README.md"], "model"),
    ])
    func aFolderOfOneFileIsThatFile(_ names: [String], _ expected: String) throws {
        #expect(try located(names) == expected)
    }
}
