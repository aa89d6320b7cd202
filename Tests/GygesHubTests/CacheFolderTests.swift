import GygesFiles
import Testing

@testable import GygesHub

@Suite struct CacheFolderTests {
    @Test(arguments: [
        (["GYGES_CACHE": "/models", "XDG_CACHE_HOME": "/xdg", "HOME": "/home/plato"], "/models"),
        (["GYGES_CACHE": "", "XDG_CACHE_HOME": "/xdg", "HOME": "/home/plato"], "/xdg/gyges"),
        (["XDG_CACHE_HOME": "relative", "HOME": "/home/plato"], "/home/plato/.cache/gyges"),
        (["HOME": "/home/plato"], "/home/plato/.cache/gyges"),
    ])
    func `The environment names the folder`(environment: [String: String], expected: String) throws {
        #expect(try CacheFolder(environment: environment).path == expected)
    }

    @Test func `Packed weights have a folder of their own, or none if the environment says so`() throws {
        let folder = CacheFolder(path: "/models")
        #expect(folder.packedFolder(environment: [:]) == "/models/packed")
        #expect(folder.packedFolder(environment: ["GYGES_PACKED": "off"]) == nil)
    }

    @Test func `An environment without any folder is an error that says what to set`() {
        let error = #expect(throws: FileError.self) { try CacheFolder(environment: ["PATH": "/bin"]) }
        #expect(error?.remedy.contains("GYGES_CACHE") == true)
    }
}
