import GygesTestSupport
import Testing

@testable import GygesWorkers

/// Every course of events leaves workers and requests where they should be.
@Suite struct PoolPlanTests {
    private func at(_ seconds: Double) -> Duration { .seconds(seconds) }

    @Test func theFirstRequestStartsAWorkerAndTheLastParksIt() {
        var plan = PoolPlan(.init(concurrency: 2, idleTimeout: .seconds(10), parkTimeout: .seconds(100)))
        #expect(plan.pass(to: at(0)) == [])
        #expect(plan.arrive(1, now: at(1)) == [.start(worker: 1)])
        #expect(plan.arrive(2, now: at(1)) == [])
        #expect(plan.becomeReady(1, now: at(2)) == [.assign(request: 1, worker: 1), .assign(request: 2, worker: 1)])
        #expect(plan.arrive(3, now: at(3)) == [])
        #expect(plan.leave(1, isAnswered: true, now: at(4)) == [.assign(request: 3, worker: 1)])
        #expect(plan.leave(2, isAnswered: true, now: at(5)) == [] && plan.leave(3, isAnswered: true, now: at(6)) == [])
        #expect(plan.nextMoment == at(16))
        #expect(plan.pass(to: at(15.9)) == [])
        #expect(plan.pass(to: at(16)) == [.park(worker: 1)])
        // A parked worker is woken, and no other started.
        #expect(plan.arrive(4, now: at(20)) == [.wake(worker: 1), .assign(request: 4, worker: 1)])
        _ = plan.leave(4, isAnswered: true, now: at(21))
        #expect(plan.pass(to: at(31)) == [.park(worker: 1)])
        #expect(plan.pass(to: at(131)) == [.end(worker: 1)])
        #expect(plan.end(1, now: at(132)) == [] && plan.states.isEmpty && plan.nextMoment == nil)
    }

    @Test func workersAreAddedByDelayOrByCount() {
        var late = PoolPlan(.init(maximumCount: 3, concurrency: 1, scaling: .queueDelay(.seconds(4))))
        _ = late.arrive(1, now: at(0))
        #expect(late.becomeReady(1, now: at(1)) == [.assign(request: 1, worker: 1)])
        #expect(late.arrive(2, now: at(2)) == [])
        #expect(late.nextMoment == at(6))
        #expect(late.pass(to: at(5.9)) == [] && late.pass(to: at(6)) == [.start(worker: 2)])
        // One at a time.
        #expect(late.arrive(3, now: at(6)) == [] && late.pass(to: at(11)) == [])
        var counted = PoolPlan(.init(activeCount: 1, maximumCount: 3, concurrency: 2, scaling: .requestCount(2)))
        #expect(counted.pass(to: at(0)) == [.start(worker: 1)])
        var started: [PoolPlan.Action] = []
        for request in 1...9 { started += counted.arrive(request, now: at(1)) }
        #expect(started == [.start(worker: 2), .start(worker: 3)])
    }

    @Test func crashesPauseStartsForLongerEachTime() {
        var plan = PoolPlan(.init(concurrency: 1))
        #expect(plan.arrive(1, now: at(0)) == [.start(worker: 1)])
        #expect(plan.end(1, now: at(1)) == [.start(worker: 2)])
        #expect(plan.end(2, now: at(2)) == [.start(worker: 3)])
        // The third crash in a row: whoever waits is told, and who comes within the pause, too.
        #expect(plan.end(3, now: at(3)) == [.refuse(request: 1, .isBroken(retryAfter: .seconds(1)))])
        #expect(plan.arrive(2, now: at(3.5)) == [.refuse(request: 2, .isBroken(retryAfter: .seconds(0.5)))])
        #expect(plan.arrive(3, now: at(4)) == [.start(worker: 4)])
        #expect(plan.end(4, now: at(5)) == [.refuse(request: 3, .isBroken(retryAfter: .seconds(2)))])
        #expect(plan.arrive(4, now: at(7)) == [.start(worker: 5)])
        // An answer forgives everything.
        _ = plan.becomeReady(5, now: at(8))
        _ = plan.leave(4, isAnswered: true, now: at(9))
        #expect(plan.end(5, now: at(10)) == [] && plan.arrive(5, now: at(10)) == [.start(worker: 6)])
    }

    @Test func requestsWaitNoLongerThanTheyMay() {
        var plan = PoolPlan(.init(concurrency: 1, queueTimeout: .seconds(5), queueLimit: 2))
        _ = plan.arrive(1, now: at(0))
        _ = plan.arrive(2, now: at(1))
        #expect(plan.arrive(3, now: at(2)) == [.refuse(request: 3, .queueIsFull)])
        #expect(plan.pass(to: at(5)) == [.refuse(request: 1, .waitedTooLong)])
        // One that does not want to wait any more leaves room.
        #expect(plan.leave(2, isAnswered: false, now: at(5)) == [] && plan.waitingCount == 0)
        var slow = PoolPlan(.init(startTimeout: .seconds(3), queueTimeout: .seconds(100)))
        _ = slow.arrive(1, now: at(0))
        #expect(slow.pass(to: at(3)) == [.end(worker: 1), .start(worker: 2)])
    }

    @Test func aLostRequestGoesFirst() {
        var plan = PoolPlan(.init(concurrency: 1))
        _ = plan.arrive(1, now: at(0))
        _ = plan.becomeReady(1, now: at(0))
        _ = plan.arrive(2, now: at(1))
        #expect(plan.end(1, now: at(2)) == [.start(worker: 2)])
        #expect(plan.comeAgain(1, now: at(2)) == [])
        #expect(plan.becomeReady(2, now: at(3)) == [.assign(request: 1, worker: 2)])
        // Where it is noticed first that the worker does not answer, it gets no more requests.
        #expect(plan.comeAgain(1, now: at(4)) == [.end(worker: 2), .start(worker: 3)])
        #expect(plan.totalCrashCount == 2)
        #expect(
            plan.end(2, now: at(5)) == [] && plan.totalCrashCount == 2
                && plan.becomeReady(3, now: at(6)) == [.assign(request: 1, worker: 3)])
    }

    /// Random events: each request is assigned once and to a worker that is there, workers have no more than they may, and at the end nothing
    /// is left.
    @Test(arguments: 0..<40)
    func nothingIsLostWhateverHappens(_ seed: Int) {
        var random = Randomness(seed)
        func draw(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
        let settings = PoolSettings(
            activeCount: draw(2), maximumCount: 1 + draw(3), concurrency: 1 + draw(3),
            scaling: draw(2) == 0 ? .queueDelay(.seconds(2)) : .requestCount(1 + draw(3)), idleTimeout: .seconds(5),
            parkTimeout: .seconds(draw(2) * 20), startTimeout: .seconds(10), queueTimeout: .seconds(30), queueLimit: 8)
        var plan = PoolPlan(settings)
        var (waiting, running, starting, alive): (Set<Int>, [Int: Int], Set<Int>, Set<Int>) = ([], [:], [], [])
        var (ending, now, lastRequest) = (Set<Int>(), Duration.zero, 0)
        func follow(_ actions: [PoolPlan.Action]) {
            for action in actions {
                switch action {
                case .start(let worker):
                    #expect(!alive.contains(worker) && !starting.contains(worker))
                    starting.insert(worker)
                case .park(let worker), .wake(let worker):
                    #expect(alive.contains(worker) && !running.values.contains(worker))
                case .end(let worker):
                    #expect(!running.values.contains(worker))
                    starting.remove(worker)
                    alive.remove(worker)
                    ending.insert(worker)
                case .assign(let request, let worker):
                    #expect(waiting.remove(request) != nil && alive.contains(worker))
                    running[request] = worker
                    #expect(running.values.count { $0 == worker } <= settings.concurrency)
                case .refuse(let request, _): #expect(waiting.remove(request) != nil)
                }
            }
            #expect(
                starting.count + alive.count <= settings.maximumCount
                    + plan.states.values.count { if case .parked = $0 { true } else { false } })
            #expect(plan.runningCount == running.count && plan.waitingCount == waiting.count)
        }
        for _ in 0..<600 {
            now += .milliseconds(draw(1500))
            switch draw(8) {
            case 0...2:
                lastRequest += 1
                waiting.insert(lastRequest)
                follow(plan.arrive(lastRequest, now: now))
            case 3:
                guard let request = running.keys.min() else { continue }
                running[request] = nil
                follow(plan.leave(request, isAnswered: true, now: now))
            case 4:
                guard let worker = starting.min() else { continue }
                starting.remove(worker)
                alive.insert(worker)
                follow(plan.becomeReady(worker, now: now))
            case 5:
                // A crash: its requests come again.
                guard draw(6) == 0, let worker = alive.min() else { continue }
                alive.remove(worker)
                let lost = running.filter { $0.value == worker }.keys.sorted()
                for request in lost { running[request] = nil }
                let actions = plan.end(worker, now: now)
                follow(actions)
                for request in lost {
                    waiting.insert(request)
                    follow(plan.comeAgain(request, now: now))
                }
            case 6:
                guard let worker = ending.min() else { continue }
                ending.remove(worker)
                follow(plan.end(worker, now: now))
            default: follow(plan.pass(to: now))
            }
        }
        // Workers come up, everything is answered, and time passes.
        for _ in 0..<100 where !waiting.isEmpty || !running.isEmpty || !starting.isEmpty {
            now += .seconds(1)
            for worker in starting.sorted() {
                starting.remove(worker)
                alive.insert(worker)
                follow(plan.becomeReady(worker, now: now))
            }
            for request in running.keys.sorted() {
                running[request] = nil
                follow(plan.leave(request, isAnswered: true, now: now))
            }
            follow(plan.pass(to: now))
        }
        #expect(waiting.isEmpty && running.isEmpty)
    }
}
