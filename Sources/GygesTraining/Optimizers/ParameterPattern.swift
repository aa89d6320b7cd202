public import GygesTensors

/// A pattern of parameters' paths: `embedding.weight`, `layers.*.attention.**`, `**.bias`, `layers.1*.**`.
///
/// Between dots, `*` stands for any text, and `**` as a whole name for any number of names, none included.
public struct ParameterPattern: Sendable, Hashable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// The pattern as written.
    public let description: String

    /// A pattern as written; any text is one.
    public init(_ text: String) { description = text }

    /// A pattern as written.
    public init(stringLiteral text: String) { self.init(text) }

    /// Whether a path has the pattern's form.
    ///
    /// - Complexity: O(length of the path · length of the pattern).
    public func matches(_ path: ParameterPath) -> Bool {
        let names = description.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let pathNames = path.description.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return wildcardMatch(
            names, pathNames, isWild: { $0.elementsEqual("**".utf8) },
            matches: { name, pathName in
                wildcardMatch(Array(name), Array(pathName), isWild: { $0 == UInt8(ascii: "*") }, matches: ==)
            })
    }
}

/// Whether `items` has the form of `pattern`, of which wild elements stand for any number of items.
///
/// Only the last wild element met need be tried again with one item more: an earlier one that took more would leave later
/// elements no choice that they do not have already.
private func wildcardMatch<Element, Item>(
    _ pattern: [Element], _ items: [Item], isWild: (Element) -> Bool, matches: (Element, Item) -> Bool
) -> Bool {
    var (place, next) = (0, 0)
    var retry: (place: Int, next: Int)?
    while next < items.count {
        if place < pattern.count, isWild(pattern[place]) {
            retry = (place + 1, next)
            place += 1
        } else if place < pattern.count, matches(pattern[place], items[next]) {
            place += 1
            next += 1
        } else if let last = retry {
            retry = (last.place, last.next + 1)
            (place, next) = (last.place, last.next + 1)
        } else {
            return false
        }
    }
    return pattern[place...].allSatisfy(isWild)
}
