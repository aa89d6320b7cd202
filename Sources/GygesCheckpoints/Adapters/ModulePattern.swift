/// A regular expression over the names of a model's modules, as PEFT's settings have them (`.*\.layers\.[0-3]\..*(q|v)_proj`).
///
/// Of Python's syntax it knows characters, `.`, classes, `\d \w \s`, groups, alternatives, repetitions, `^`, `$` and `\b`. What looks
/// ahead or back, or at what a group matched, is refused. An expression is compiled to a machine of at most 20,000 steps that is
/// run in all its places at once (Thompson 1968), so that no expression from a file takes longer than O(steps · length of the name).
public struct ModulePattern: Sendable, Equatable, CustomStringConvertible {
    /// The expression as written.
    public let text: String
    private let machine: [Step]

    /// What is wrong with an expression.
    public struct Fault: Error, Equatable {
        /// In words, to be read after the expression.
        public var problem: String
    }

    /// Reads an expression.
    ///
    /// - Throws: ``Fault`` for one that Python would refuse or that is not known here.
    public init(_ text: String) throws(Fault) {
        self.text = text
        var parser = Parser(text)
        let root = try parser.expression()
        var machine: [Step] = []
        try root.compile(into: &machine)
        self.machine = machine
    }

    /// An expression that a name alone matches.
    ///
    /// - Throws: ``Fault`` for a name that is longer than an expression may be.
    public init(literal name: String) throws(Fault) {
        let special = Set("\\.^$|?*+()[]{}".unicodeScalars)
        var text = String.UnicodeScalarView()
        for scalar in name.unicodeScalars {
            if special.contains(scalar) { text.append("\\") }
            text.append(scalar)
        }
        try self.init(String(text))
    }

    /// The expression as written.
    public var description: String { text }

    /// Whether the whole of a name matches (Python's `re.fullmatch`).
    public func matches(_ name: String) -> Bool { run(on: Array(name.unicodeScalars)) { $0 == 0 } }

    /// Whether a name, or what follows one of its dots, matches: how PEFT looks for a module in `rank_pattern` and `alpha_pattern`
    /// (`get_pattern_key`).
    public func matchesEnd(of name: String) -> Bool {
        let name = Array(name.unicodeScalars)
        return run(on: name) { $0 == 0 || name[$0 - 1] == "." }
    }

    /// Whether a match that begins at a place where one may ends with the name.
    private func run(on name: [Unicode.Scalar], from mayBegin: (Int) -> Bool) -> Bool {
        var current: Set<Int> = []
        for place in 0...name.count {
            var waiting = Array(current)
            if mayBegin(place) { waiting.append(0) }
            current = []
            var seen: Set<Int> = []
            while let index = waiting.popLast() {
                guard seen.insert(index).inserted else { continue }
                guard index < machine.count else {
                    if place == name.count { return true }
                    continue
                }
                switch machine[index] {
                case .character(let characters):
                    if place < name.count, characters.contain(name[place]) { current.insert(index + 1) }
                case .fork(let other): waiting += [index + 1, other]
                case .jump(let target): waiting.append(target)
                case .assertion(let assertion):
                    if assertion.holds(at: place, in: name) { waiting.append(index + 1) }
                }
            }
        }
        return false
    }

    /// A step of the machine; behind the last one a match ends.
    enum Step: Sendable, Equatable {
        case character(Characters)
        /// Goes on at the next step and at another.
        case fork(Int)
        case jump(Int)
        case assertion(Assertion)
    }

    /// Some characters, or all others.
    struct Characters: Sendable, Equatable {
        var ranges: [ClosedRange<Unicode.Scalar>]
        var isInverted = false

        func contain(_ scalar: Unicode.Scalar) -> Bool { ranges.contains { $0.contains(scalar) } != isInverted }

        static let digits = Characters(ranges: ["0"..."9"])
        static let word = Characters(ranges: ["a"..."z", "A"..."Z", "0"..."9", "_"..."_"])
        static let space = Characters(ranges: [" "..." ", "\t"..."\r"])
        static let anything = Characters(ranges: ["\n"..."\n"], isInverted: true)
    }

    /// What must hold of a place.
    enum Assertion: Sendable, Equatable {
        case start
        case end
        /// The edge of a word; with `false` any other place.
        case wordEdge(Bool)

        func holds(at place: Int, in name: [Unicode.Scalar]) -> Bool {
            switch self {
            case .start: return place == 0
            case .end: return place == name.count
            case .wordEdge(let isEdge):
                func isWord(_ place: Int) -> Bool {
                    name.indices.contains(place) && Characters.word.contain(name[place])
                }
                return (isWord(place - 1) != isWord(place)) == isEdge
            }
        }
    }
}
