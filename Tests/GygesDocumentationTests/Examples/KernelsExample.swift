import GygesKernels
import Testing

@Suite struct KernelsExample {
    @Test func computesASoftmax() {
        let team = ThreadTeam()
        var scores: [Float] = [1, 2, 3, 2, 2, 2]
        var rows = scores.mutableSpan
        softmax(&rows, columns: 3, team: team)
        print(team.threadCount, team.instructionSet, scores)

        #expect(abs(scores[3...].reduce(0, +) - 1) < 1e-6)
    }
}
