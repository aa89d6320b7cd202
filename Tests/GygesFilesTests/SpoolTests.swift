import Foundation
import GygesTestSupport
import Testing

@testable import GygesFiles

/// Bytes that wait on the disk.
@Suite struct SpoolTests {
    @Test(
        "All bytes come back in order, as often as asked, and more can follow", arguments: [0, 10, 1 << 18, 1_000_003])
    func returns(count: Int) throws {
        let temporary = try TemporaryFolder()
        let folder = temporary.path
        let spool = try Spool(in: folder)
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
        for start in stride(from: 0, to: count, by: 999) {
            try spool.append(Array(bytes[start..<min(count, start + 999)]))
        }
        func all() throws -> [UInt8] {
            var found: [UInt8] = []
            try spool.read { found += $0 }
            return found
        }
        #expect(try all() == bytes)
        try spool.append([1, 2, 3])
        #expect(try all() == bytes + [1, 2, 3])
        // The file has no name, so that nobody need remove it.
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }

    @Test("A folder that is not there is a typed error")
    func refuses() {
        #expect(throws: FileError.self) { try Spool(in: "/nowhere/at/all") }
    }
}
