import GygesKernels
import GygesTensors
import GygesTestSupport
import Testing

/// The tape's operations, one by one: results beside the plain interpreter's, gradients beside its central differences.
@Suite struct OperationGradientTests {
    private let parameters = TestParameters<PlainWeights, [Double]>(seed: 31)

    @Test(arguments: TestedOperation.allCases)
    func resultsAndGradientsAgree(operation: TestedOperation) {
        let form = TapeForm()
        let weights = parameters.map(matrix: { form($0) }, vector: { form($0) })
        let gradients = Gradients(of: weights)
        let tape = Tape(gradients: gradients, team: ThreadTeam(threadCount: 2))
        let result = operation.run(on: tape, weights)
        let expected = plainResult(operation, parameters)
        #expect(result.rows == expected.count && result.columns == expected.columns)
        // Sums of at most 30 products of size 1 in f32, and a gated unit has two of them.
        expectClose(Array(result.elements), expected.elements, absolute: 1e-5, "\(operation)")

        var random = Randomness(32)
        let direction = random.floats(result.rows * result.columns)
        tape.addGradient(direction, to: result)
        tape.backward()
        GradientCheck()("\(operation)", gradients: gradients) { path, change in
            let change = Change(path: path, elements: change)
            let changed = parameters.map(matrix: { change($0) }, vector: { change($0) })
            let rows = plainResult(operation, changed)
            return rows.indices.reduce(0) { sum, row in
                let weights = direction[row * rows.columns..<(row + 1) * rows.columns]
                return sum + zip(weights, rows[row]).reduce(0) { $0 + Double($1.0) * $1.1 }
            }
        }
        let somethingChanges = gradients.paths.contains { isThere(gradients[$0]) }
        #expect(somethingChanges)
    }

    /// Pullbacks overwrite what is theirs and nothing else: a second pass over the same parameters, on any number of threads, has
    /// the bits of the first.
    @Test(arguments: TestedOperation.allCases)
    func aSecondPassHasTheSameBits(operation: TestedOperation) {
        let form = TapeForm()
        let weights = parameters.map(matrix: { form($0) }, vector: { form($0) })
        let gradients = Gradients(of: weights)
        var passes: [[Float]] = []
        for threads in [1, 1, 2, 3] {
            let tape = Tape(gradients: gradients, team: ThreadTeam(threadCount: threads))
            let result = operation.run(on: tape, weights)
            tape.addGradient([Float](repeating: 1, count: result.rows * result.columns), to: result)
            tape.backward()
            passes.append(gradients.paths.flatMap { gradients[$0]?.elements.map { $0 } ?? [] })
            gradients.clear()
        }
        #expect(Set(passes).count == 1)
        let isFinite = passes[0].allSatisfy { $0.isFinite }
        #expect(isFinite)
    }

    private func plainResult(
        _ operation: TestedOperation, _ parameters: TestParameters<PlainWeights, [Double]>
    ) -> PlainRows {
        operation.run(on: PlainOperations(), parameters).storage.rows
    }

    private func isThere(_ gradient: ParameterBuffer?) -> Bool { gradient?.elements.contains { $0 != 0 } ?? false }
}
