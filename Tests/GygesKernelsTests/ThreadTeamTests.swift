import Foundation
import GygesKernels
import Synchronization
import Testing

@Suite struct ThreadTeamTests {
    @Test(arguments: [1, 2, 3, 8])
    func everyPartRunsOnce(threads: Int) {
        let team = ThreadTeam(threadCount: threads)
        for parts in [0, 1, 2, 7, 1000] {
            let counts = (0..<parts).map { _ in Counter() }
            for _ in 0..<50 { team.run(parts: parts) { counts[$0].value.wrappingAdd(1, ordering: .relaxed) } }
            #expect(counts.allSatisfy { $0.value.load(ordering: .relaxed) == 50 })
        }
    }

    @Test func callersTakeTurns() async {
        let team = ThreadTeam(threadCount: 3)
        let total = Counter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<200 { team.run(parts: 5) { total.value.wrappingAdd($0, ordering: .relaxed) } }
                }
            }
        }
        #expect(total.value.load(ordering: .relaxed) == 4 * 200 * 10)
    }

    @Test func helpersWakeFromSleep() {
        let team = ThreadTeam(threadCount: 2)
        for _ in 0..<5 {
            let counter = Counter()
            team.run(parts: 64) { _ in counter.value.wrappingAdd(1, ordering: .relaxed) }
            #expect(counter.value.load(ordering: .relaxed) == 64)
            Thread.sleep(forTimeInterval: 0.01)
        }
    }

    private final class Counter: Sendable { let value = Atomic<Int>(0) }
}
