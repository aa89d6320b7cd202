import GygesTestSupport
import Synchronization
import Testing

@testable import GygesWorkers

/// The phases of workers follow one another without a gap.
@Suite struct PhaseLedgerTests {
    @Test func aLifeIsCutIntoPhases() {
        var (plan, ledger) = (PoolPlan(.init(idleTimeout: .seconds(10), parkTimeout: .seconds(100))), PhaseLedger())
        var phases: [PhaseLedger.Entry] = []
        func at(_ seconds: Double, _ happen: (inout PoolPlan, Duration) -> [PoolPlan.Action]) {
            _ = happen(&plan, .seconds(seconds))
            phases += ledger.observe(plan.states, now: .seconds(seconds))
        }
        at(1) { $0.arrive(1, now: $1) }
        at(2.5) { $0.becomeReady(1, now: $1) }
        at(4) { $0.leave(1, isAnswered: true, now: $1) }
        at(14) { $0.pass(to: $1) }
        #expect(
            ledger.running(.seconds(20)) == [
                .init(worker: 1, number: 4, kind: .parked, began: .seconds(14), length: .seconds(6))
            ])
        at(114) { $0.pass(to: $1) }
        at(115) { $0.end(1, now: $1) }
        #expect(phases.map(\.kind) == [.starting, .executing, .idle, .parked, .ending])
        #expect(phases.map { $0.length / .seconds(1) } == [1.5, 1.5, 10, 100, 1])
        #expect(phases.map(\.number) == [1, 2, 3, 4, 5] && ledger.running(.seconds(200)).isEmpty)
    }

    /// Random events: for every worker, the phases add up to its life, whatever has happened.
    @Test(arguments: 0..<30)
    func workerSecondsAreConserved(_ seed: Int) {
        var random = Randomness(seed)
        func draw(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
        var plan = PoolPlan(
            .init(
                activeCount: draw(2), maximumCount: 3, concurrency: 1 + draw(2), scaling: .requestCount(1),
                idleTimeout: .seconds(3), parkTimeout: .seconds(draw(2) * 5), startTimeout: .seconds(8)))
        var (ledger, now, lastRequest) = (PhaseLedger(), Duration.zero, 0)
        var (running, phases): (Set<Int>, [PhaseLedger.Entry]) = ([], [])
        var (born, died): ([Int: Duration], [Int: Duration]) = ([:], [:])
        func follow(_ actions: [PoolPlan.Action]) {
            for case .assign(let request, _) in actions { running.insert(request) }
            for worker in plan.states.keys where born[worker] == nil { born[worker] = now }
            for worker in born.keys where plan.states[worker] == nil && died[worker] == nil { died[worker] = now }
            phases += ledger.observe(plan.states, now: now)
        }
        for _ in 0..<300 {
            now += .milliseconds(draw(1500))
            switch draw(6) {
            case 0, 1:
                lastRequest += 1
                follow(plan.arrive(lastRequest, now: now))
            case 2: if let request = running.popFirst() { follow(plan.leave(request, isAnswered: true, now: now)) }
            case 3: if let worker = plan.states.keys.min() { follow(plan.becomeReady(worker, now: now)) }
            case 4: if draw(4) == 0, let worker = plan.states.keys.max() { follow(plan.end(worker, now: now)) }
            default: follow(plan.pass(to: now))
            }
        }
        now += .seconds(1)
        phases += ledger.observe([:], now: now)
        #expect(born.count > 3)
        for (worker, birth) in born {
            let own = phases.filter { $0.worker == worker }
            #expect(own.reduce(.zero) { $0 + $1.length } == (died[worker] ?? now) - birth)
            for (one, next) in zip(own, own.dropFirst()) {
                #expect(one.began + one.length == next.began && one.kind != next.kind)
            }
        }
        #expect(Set(phases.map(\.number)).count == phases.count)
    }

    @Test func aPoolTellsItsPhases() async throws {
        let told = Mutex<[WorkerPhase]>([])
        try await LocalFront.run(note: { phases in told.withLock { $0 += phases } }) { front async throws in
            _ = try await front.probe.ask("POST", "/echo", body: "{}")
            await front.pool.shutDown()
            // On a slow machine those that were not over have been told before.
            let last = Dictionary(told.withLock { $0 }.map { ($0.number, $0) }, uniquingKeysWith: { $1 })
            let phases = last.sorted { $0.key < $1.key }.map(\.value)
            #expect(phases.map(\.kind) == [.starting, .executing, .idle])
            #expect(phases.allSatisfy { $0.worker == 1 && $0.seconds >= 0 && $0.began > 1e9 })
        }
    }
}
