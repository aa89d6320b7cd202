import GygesKernels
import GygesTensors
import Testing

@Suite struct TensorsExample {
    @Test func normsAndAdds() throws {
        let operations = EagerOperations(team: ThreadTeam())
        let gain = WeightVector([1, 1, 1, 1])
        let norm = Normalization.rootMeanSquare(weight: Parameter(ParameterPath("norm.weight"), gain), epsilon: 1e-6)
        let x = operations.zeros(rows: 2, columns: 4)
        let y = operations.add(operations.normed(x, by: norm), to: x)
        print(y.rows, y.columns)

        #expect(y.rows == 2 && y.columns == 4)
    }

    @Test func differentiates() throws {
        let zeros = TapeMatrix.trained(ParameterBuffer(rows: 5, columns: 4))
        let table = Parameter(ParameterPath("embedding.weight"), zeros)
        let head = Projection<TapeMatrix, TapeVector>(weight: table)
        let gradients = Gradients(of: head)
        let tape = Tape(gradients: gradients, team: ThreadTeam())
        let states = tape.embedding([0, 3, 1], table: table)
        let losses = try tape.loss(of: states, .crossEntropy([3, 1, 2]), through: head, weights: [0.3, 0.3, 0.4])
        tape.backward()
        print(losses, gradients.paths)

        // A table of zeros scores all five alike: the loss is log 5.
        #expect(losses.count == 3 && losses.allSatisfy { abs($0 - 1.609438) < 1e-6 })
        #expect(gradients.paths == [table.path])
    }
}
