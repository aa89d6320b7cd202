import GygesTestSupport
import Synchronization
import Testing

@testable import GygesWorkers

/// Models that come and go with the checkpoints of a run.
@Suite struct ModelDirectoryTests {
    private final class Run: Sendable {
        let steps = Mutex<[Int]>([])
        let lookCount = Mutex(0)
        let log = Mutex<[String]>([])

        func entry(_ launcher: LocalLauncher) -> ModelDirectory.Entry {
            .run(
                .init(
                    name: "run", kind: .decoder,
                    steps: {
                        self.lookCount.withLock { $0 += 1 }
                        return self.steps.withLock { $0 }
                    },
                    make: { step in
                        self.log.withLock { $0.append("make \(step)") }
                        return PooledModel("run@\(step)", pool: WorkerPool(.init(), launcher: launcher))
                    }, remove: { step in self.log.withLock { $0.append("remove \(step)") } }))
        }
    }

    @Test func checkpointsComeAndGo() async throws {
        let folder = try TemporaryFolder()
        let launcher = LocalLauncher(folder: folder.path), run = Run()
        let fixed = PooledModel("one", pool: WorkerPool(.init(), launcher: launcher), kind: .encoder)
        let directory = ModelDirectory([.model(fixed), run.entry(launcher)], lookInterval: .zero)
        #expect(await directory.names == ["one"])
        #expect(await directory.model("run") == nil)
        #expect(await directory.first(doing: .decoder) == nil)
        run.steps.withLock { $0 = [20, 40] }
        #expect(await directory.names == ["one", "run", "run@20", "run@40"])
        #expect(run.log.withLock { $0.isEmpty })
        #expect(await directory.model("run")?.name == "run@40")
        #expect(await directory.model("run@20")?.name == "run@20")
        for name in ["run@30", "run@", "run@x", "runs"] { #expect(await directory.model(name) == nil, "\(name)") }
        #expect(await directory.model("one:adapter")?.name == "one")
        #expect(await directory.first(doing: .decoder)?.name == "run@40")
        #expect(await directory.first(doing: nil)?.name == "one")
        // One is made once, however often it is asked for.
        #expect(run.log.withLock { $0 } == ["make 40", "make 20"])
        run.steps.withLock { $0 = [40, 60] }
        #expect(await directory.model("run")?.name == "run@60")
        #expect(await directory.model("run@20") == nil)
        #expect(run.log.withLock { $0 } == ["make 40", "make 20", "remove 20", "make 60"])
        #expect(await directory.present.map(\.name) == ["one", "run@40", "run@60"])
        await directory.shutDown()
        #expect(run.log.withLock { Set($0).isSuperset(of: ["remove 40", "remove 60"]) })
        #expect(await directory.model("run") == nil)
    }

    @Test func aCheckpointThatIsGoneAnswersWhoWaitsForIt() async throws {
        let folder = try TemporaryFolder()
        let launcher = LocalLauncher(folder: folder.path), run = Run()
        run.steps.withLock { $0 = [20] }
        let directory = ModelDirectory([run.entry(launcher)], lookInterval: .zero)
        let pool = try #require(await directory.model("run")).pool
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let asking = Task {
            try await pool.withWorker { _ in
                var iterator = gate.makeAsyncIterator()
                await iterator.next()
            }
        }
        for _ in 0..<3000 where await pool.statistics.runningCount == 0 { try await Task.sleep(for: .milliseconds(10)) }
        run.steps.withLock { $0 = [40] }
        #expect(await directory.names == ["run", "run@40"])
        #expect(run.log.withLock { $0 } == ["make 20"])
        open.yield()
        try await asking.value
        _ = await directory.names
        #expect(run.log.withLock { $0 } == ["make 20", "remove 20"])
        await directory.shutDown()
    }

    @Test func aFolderIsLookedAtOnceInAWhile() async {
        let run = Run()
        let directory = ModelDirectory([run.entry(LocalLauncher(folder: "/"))], lookInterval: .seconds(60))
        for _ in 0..<10 { _ = await directory.names }
        #expect(run.lookCount.withLock { $0 } == 1)
    }
}
