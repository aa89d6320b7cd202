/// The path of a fixture that belongs to another room's tests: `Tests/ROOMTests/Fixtures/NAME`.
///
/// Found from where the caller was compiled, anywhere below `Tests` or `Sources`, as the tests' own bundles hold only their own fixtures.
public func fixturePath(_ name: String, of room: String, here: String = #filePath) -> String {
    let parts = here.split(separator: "/", omittingEmptySubsequences: false)
    let root = parts[..<(parts.lastIndex { $0 == "Tests" || $0 == "Sources" } ?? 0)]
    return root.joined(separator: "/") + "/Tests/\(room)Tests/Fixtures/\(name)"
}
