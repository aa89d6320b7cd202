import Foundation
import GygesKernels
import GygesTensors
import GygesTestSupport
import Testing

/// What losses ask of a head's logits, against formulas in double precision and their central differences.
@Suite struct HeadMeasureTests {
    private let parameters = TestParameters<PlainWeights, [Double]>(seed: 51)
    private let targets: [Int32] = [12, 0, 5, 5, 7, 1, 3]
    private let weights: [Float] = [0.3, -1, 0.5, 0, 2, 0.25, 1]

    enum Kind: CaseIterable { case crossEntropy, logProbability, entropy, divergence }

    @Test(arguments: Kind.allCases, [1, 300, 1 << 20])
    func lossesAndGradientsAgree(kind: Kind, logitByteCount: Int) throws {
        for isDeferred in [false, true] {
            let form = TapeForm()
            let tapeParameters = parameters.map(matrix: { form($0) }, vector: { form($0) })
            let gradients = Gradients(of: tapeParameters)
            let tape = Tape(
                gradients: gradients, options: TapeOptions(logitByteCount: logitByteCount),
                team: ThreadTeam(threadCount: 2))
            let x = tapeParameters.x(0, on: tape)
            var values: [Float]
            if isDeferred {
                let measured = try tape.measured(x, measure(kind), through: tapeParameters.map)
                values = Array(measured.elements)
                tape.addGradient(weights, to: measured)
            } else {
                values = try tape.loss(of: x, measure(kind), through: tapeParameters.map, weights: weights)
            }
            tape.backward()
            expectClose(values, plainValues(kind, parameters).map { Float($0) }, absolute: 3e-6, "\(kind)")
            GradientCheck()("\(kind)", gradients: gradients) { path, change in
                let change = Change(path: path, elements: change)
                let changed = parameters.map(matrix: { change($0) }, vector: { change($0) })
                return zip(plainValues(kind, changed), weights).reduce(0) { $0 + $1.0 * Double($1.1) }
            }
        }
    }

    /// Logits of -infinity, such as a vocabulary's padding has by its head's bias, count nothing and spoil nothing.
    @Test(arguments: Kind.allCases)
    func impossibleTokensCountNothing(kind: Kind) throws {
        var parameters = parameters
        parameters.map.bias?.value[11] = -.infinity
        let form = TapeForm(isTrained: { $0.description.hasPrefix("table") })
        let tapeParameters = parameters.map(matrix: { form($0) }, vector: { form($0) })
        let gradients = Gradients(of: tapeParameters)
        let tape = Tape(gradients: gradients, team: ThreadTeam(threadCount: 1))
        let targets = self.targets.map { $0 == 11 ? 0 : $0 }
        var other = self.other
        for row in 0..<7 { other[row * 13 + 11] = -.infinity }
        let measure: HeadMeasure =
            switch kind {
            case .crossEntropy: .crossEntropy(targets)
            case .logProbability: .logProbability(targets)
            case .entropy: .entropy
            case .divergence:
                .divergence { rows, logits in
                    _ = logits.update(fromContentsOf: other[rows.lowerBound * 13..<rows.upperBound * 13])
                }
            }
        let values = try tape.loss(
            of: tapeParameters.x(0, on: tape), measure, through: tapeParameters.map, weights: weights)
        tape.backward()
        #expect(values.allSatisfy { $0.isFinite })
        for path in gradients.paths {
            let isFinite = gradients[path]?.elements.allSatisfy(\.isFinite) ?? false
            #expect(isFinite, "\(path)")
        }
    }

    @Test func whatDoesNotFitIsRefused() throws {
        let form = TapeForm()
        let tapeParameters = parameters.map(matrix: { form($0) }, vector: { form($0) })
        let tape = Tape(gradients: Gradients(of: tapeParameters), team: ThreadTeam(threadCount: 1))
        let head = tapeParameters.map
        #expect(throws: HeadMeasureError.counts(rows: 7, given: 6)) {
            _ = try tape.loss(of: tapeParameters.x(0, on: tape), .entropy, through: head, weights: [0, 1, 2, 3, 4, 5])
        }
        #expect(throws: HeadMeasureError.counts(rows: 7, given: 1)) {
            _ = try tape.measured(tapeParameters.x(0, on: tape), .crossEntropy([1]), through: head)
        }
        for wrong in [Int32(13), -1] {
            var targets = targets
            targets[2] = wrong
            #expect(throws: HeadMeasureError.targetOutOfRange(row: 2, target: wrong, vocabulary: 13)) {
                _ = try tape.measured(tapeParameters.x(0, on: tape), .logProbability(targets), through: head)
            }
        }
    }

    /// Another model's logits.
    private var other: [Float] {
        var random = Randomness(52)
        return random.floats(7 * 13, scale: 3)
    }

    private func measure(_ kind: Kind) -> HeadMeasure {
        switch kind {
        case .crossEntropy: return .crossEntropy(targets)
        case .logProbability: return .logProbability(targets)
        case .entropy: return .entropy
        case .divergence:
            let other = other
            return .divergence { rows, logits in
                _ = logits.update(fromContentsOf: other[rows.lowerBound * 13..<rows.upperBound * 13])
            }
        }
    }

    private func plainValues(_ kind: Kind, _ parameters: TestParameters<PlainWeights, [Double]>) -> [Double] {
        let plain = PlainOperations()
        let logits = plain.linear(parameters.x(0, on: plain), parameters.map).storage.rows
        return logits.indices.map { row in
            let logarithms = logSoftmax(logits[row])
            switch kind {
            case .crossEntropy: return -logarithms[Int(targets[row])]
            case .logProbability: return logarithms[Int(targets[row])]
            case .entropy: return -logarithms.reduce(0) { $0 + exp($1) * $1 }
            case .divergence:
                let theirs = logSoftmax(other[row * 13..<(row + 1) * 13].map(Double.init))
                return zip(theirs, logarithms).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
            }
        }
    }
}
