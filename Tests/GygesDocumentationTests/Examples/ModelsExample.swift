import GygesCheckpoints
import GygesKernels
import GygesModels
import GygesTensors
import Testing

@Suite struct ModelsExample {
    let folder = tinyModel("tiny-chat")

    @Test func readsAPrompt() throws {
        let team = ThreadTeam()
        let model = try DecoderModel(folder: ModelFolder(path: folder), team: team)
        let operations = EagerOperations(team: team)
        var batch = PackedBatch()
        batch.append([1, 2, 3])
        let states = model.decoder.hiddenStates(of: batch, cache: nil, weights: model.weights, on: operations)
        let logits = model.decoder.logits(of: states, rows: [2], weights: model.weights, on: operations)
        print(logits.rows, logits.columns)

        #expect(logits.rows == 1 && logits.columns == model.decoder.configuration.vocabularySize)
    }
}
