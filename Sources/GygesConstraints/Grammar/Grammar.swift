/// A language over bytes: rules that read bytes and call one another, as recursive transition networks do (Woods 1970).
///
/// A rule is a graph of nodes. Reading goes from its start along edges that each take one byte, along steps that take
/// none, and along calls, which read another rule and then go on; it may end at final nodes. A rule can carry a counter,
/// which bounds the characters of a string or the elements of an array without a node for each.
final class Grammar: Sendable {
    /// When an edge or call may be taken, and what it does to the counter of its rule.
    enum Guard: UInt8, Sendable {
        case always
        /// Only below the maximum; counts one more.
        case counts
        /// Only below the maximum.
        case belowMaximum
        /// Only from the minimum on.
        case fromMinimum
    }

    /// Takes one byte.
    struct ByteEdge: Sendable {
        var low: UInt8
        var high: UInt8
        var condition: Guard
        var target: Int32
    }

    /// Reads a rule, then goes on at `target`.
    struct Call: Sendable {
        var rule: Int32
        var target: Int32
        var condition: Guard
    }

    /// A place in a rule.
    struct Node: Sendable {
        var rule: Int32
        /// Whether the rule may end here.
        var isFinal: Bool
        /// Whether there is nothing to do here but to return, so that a call need not remember the place.
        var isPureReturn: Bool
        /// The depth of calls that reading on to the end of the rule takes at least; ``unreachable`` if there is no end.
        var height: Int32
        /// Its edges in ``Grammar/edges``.
        var edges: Range<Int>
        /// Its calls in ``Grammar/calls``.
        var calls: Range<Int>
        /// Its steps in ``Grammar/steps``.
        var steps: Range<Int>
    }

    /// Something that can be called.
    struct Rule: Sendable {
        var start: Int32
        var minimum: Int32 = 0
        /// ``unbounded`` for none; the counter then stops at the minimum, so that there are few different ones.
        var maximum: Int32 = Grammar.unbounded
        /// Whether this is a string of JSON with bounds on its length, laid out node by node as
        /// ``JSONLibrary/measuredString`` is.
        var isBoundedString = false
    }

    /// The places of all rules.
    let nodes: [Node]
    /// The edges of all places.
    let edges: [ByteEdge]
    /// The calls of all places.
    let calls: [Call]
    /// Where reading may go on from a place without a byte.
    let steps: [Int32]
    /// The rules.
    let rules: [Rule]
    /// The rule of the whole text.
    let root: Int32
    /// The rules that every grammar begins with.
    let library: JSONLibrary

    init(
        nodes: [Node], edges: [ByteEdge], calls: [Call], steps: [Int32], rules: [Rule], root: Int32,
        library: JSONLibrary
    ) {
        self.nodes = nodes
        self.edges = edges
        self.calls = calls
        self.steps = steps
        self.rules = rules
        self.root = root
        self.library = library
    }

    /// A height that no text can have.
    static let unreachable: Int32 = 1 << 20
    /// No maximum.
    static let unbounded = Int32.max
    /// The most calls that wait for one another, hence the deepest nesting of what is written.
    static let depthLimit: Int32 = 64

    /// Whether there is a text at all within the depth limit.
    var hasText: Bool { nodes[Int(rules[Int(root)].start)].height <= Self.depthLimit }

    /// The counter after one more.
    func counter(_ count: Int32, after condition: Guard, in rule: Int32) -> Int32 {
        guard condition == .counts else { return count }
        let rule = rules[Int(rule)]
        return rule.maximum == Self.unbounded ? min(count + 1, rule.minimum) : count + 1
    }

    /// Whether the counter allows an edge or call.
    func allows(_ condition: Guard, count: Int32, in rule: Int32) -> Bool {
        switch condition {
        case .always: true
        case .counts, .belowMaximum: count < rules[Int(rule)].maximum
        case .fromMinimum: count >= rules[Int(rule)].minimum
        }
    }
}
