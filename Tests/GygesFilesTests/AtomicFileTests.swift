import Foundation
import GygesFiles
import GygesTestSupport
import Testing

/// Writing whole files, and digests of them.
@Suite struct AtomicFileTests {
    @Test("A failed write leaves the old contents and nothing beside them")
    func failureLeavesTheOld() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/file"
        try AtomicFile.write("old", to: path)
        #expect(throws: FileError.self) {
            try AtomicFile.write(to: path) { output throws(FileError) in
                try output.append(Array("half of the n".utf8))
                throw FileError("source", "ended", remedy: "Try again.")
            }
        }
        #expect(try MappedFile.read(path: path) == Array("old".utf8))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["file"])
        try AtomicFile.write("new", to: path)
        #expect(try MappedFile.read(path: path) == Array("new".utf8))
    }

    @Test("Places that cannot be written are reported with a remedy")
    func unwritable() throws {
        let folder = try TemporaryFolder()
        let error = #expect(throws: FileError.self) { try AtomicFile.write("x", to: folder.path + "/no/such/file") }
        #expect(error?.remedy.isEmpty == false)
    }

    @Test("Only regular files are mapped", arguments: ["/dev/zero", "/", "/no/such/file", "", "a\u{0}b"])
    func irregular(path: String) {
        #expect(throws: FileError.self) { try MappedFile(path: path) }
    }

    @Test("Digests are SHA-256")
    func digests() throws {
        // FIPS 180-2, appendix B.1.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(Digest.sha256("abc") == abc)
        let folder = try TemporaryFolder()
        try AtomicFile.write("abc", to: folder.path + "/abc")
        #expect(try Digest.sha256(file: folder.path + "/abc") == abc)
    }
}
