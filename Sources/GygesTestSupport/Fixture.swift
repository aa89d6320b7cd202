/// The path of a fixture that belongs to another room's tests: `Tests/ROOMTests/Fixtures/NAME`.
///
/// Found from where this file was compiled, as the tests' own bundles hold only their own fixtures.
public func fixturePath(_ name: String, of room: String, here: String = #filePath) -> String {
    let parts = here.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
    return parts.joined(separator: "/") + "/Tests/\(room)Tests/Fixtures/\(name)"
}
