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
}
