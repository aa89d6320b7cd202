import GygesCheckpoints
import Testing

@Suite struct CheckpointsExample {
    let folder = tinyModel("tiny-chat")

    @Test func readsAFolder() throws {
        let model = try ModelFolder(path: folder)
        print(try model.causalModelConfiguration().layerCount)
        for file in try model.weights() {
            for tensor in file.tensors { print(tensor.name, tensor.type, tensor.shape) }
        }

        #expect(try model.causalModelConfiguration().layerCount > 0)
    }
}
