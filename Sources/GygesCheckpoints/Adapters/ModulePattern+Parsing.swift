import GygesFiles

extension ModulePattern {
    /// A part of an expression.
    indirect enum Node {
        case character(Characters)
        case assertion(Assertion)
        case sequence([Node])
        case alternatives([Node])
        case repeated(Node, minimum: Int, maximum: Int?)

        /// Appends the steps that match this part.
        func compile(into machine: inout [Step]) throws(Fault) {
            guard machine.count < 20_000 else { throw Fault(problem: "is larger than a regular expression may be") }
            switch self {
            case .character(let characters): machine.append(.character(characters))
            case .assertion(let assertion): machine.append(.assertion(assertion))
            // Nothing is a step too, so that no repetition of it is free.
            case .sequence(let parts) where parts.isEmpty: machine.append(.jump(machine.count + 1))
            case .sequence(let parts): for part in parts { try part.compile(into: &machine) }
            case .alternatives(let choices):
                var ends: [Int] = []
                for choice in choices.dropLast() {
                    let fork = machine.count
                    machine.append(.fork(0))
                    try choice.compile(into: &machine)
                    ends.append(machine.count)
                    machine.append(.jump(0))
                    machine[fork] = .fork(machine.count)
                }
                try choices.last?.compile(into: &machine)
                for end in ends { machine[end] = .jump(machine.count) }
            case .repeated(let part, let minimum, let maximum):
                for _ in 0..<minimum { try part.compile(into: &machine) }
                if let maximum {
                    var forks: [Int] = []
                    for _ in minimum..<maximum {
                        forks.append(machine.count)
                        machine.append(.fork(0))
                        try part.compile(into: &machine)
                    }
                    for fork in forks { machine[fork] = .fork(machine.count) }
                } else {
                    let fork = machine.count
                    machine.append(.fork(0))
                    try part.compile(into: &machine)
                    machine.append(.jump(fork))
                    machine[fork] = .fork(machine.count)
                }
            }
        }
    }

    /// Reads an expression by descent.
    struct Parser {
        private let scalars: [Unicode.Scalar]
        private var place = 0
        private var depth = 0

        /// Bounds far above what settings have, for the stack and for time.
        private static let (lengthLimit, depthLimit, countLimit) = (1 << 16, 50, 1000)

        init(_ text: String) { scalars = Array(text.unicodeScalars) }

        private var next: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }

        private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
            guard next == scalar else { return false }
            place += 1
            return true
        }

        /// The whole expression.
        mutating func expression() throws(Fault) -> Node {
            guard scalars.count <= Self.lengthLimit else {
                throw Fault(problem: "is larger than a regular expression may be")
            }
            let node = try alternatives()
            guard place == scalars.count else { throw Fault(problem: "closes a group that was not opened") }
            return node
        }

        private mutating func alternatives() throws(Fault) -> Node {
            var choices = [try sequence()]
            while take("|") { choices.append(try sequence()) }
            return choices.count == 1 ? choices[0] : .alternatives(choices)
        }

        private mutating func sequence() throws(Fault) -> Node {
            var parts: [Node] = []
            while let scalar = next, scalar != "|", scalar != ")" {
                place += 1
                parts.append(try repetition(of: try atom(scalar)))
            }
            return .sequence(parts)
        }

        private mutating func atom(_ scalar: Unicode.Scalar) throws(Fault) -> Node {
            switch scalar {
            case "(":
                depth += 1
                guard depth <= Self.depthLimit else { throw Fault(problem: "nests too many groups") }
                if take("?") {
                    guard take(":") else {
                        throw Fault(problem: "has a group that begins with “(?”, of which only “(?:” is supported")
                    }
                }
                let node = try alternatives()
                guard take(")") else { throw Fault(problem: "opens a group that is not closed") }
                depth -= 1
                return node
            case "[": return .character(try characterClass())
            case ".": return .character(.anything)
            case "^": return .assertion(.start)
            case "$": return .assertion(.end)
            case "\\":
                if take("b") { return .assertion(.wordEdge(true)) }
                if take("B") { return .assertion(.wordEdge(false)) }
                return .character(try escaped())
            case "*", "+", "?": throw Fault(problem: "repeats nothing")
            default: return .character(Characters(ranges: [scalar...scalar]))
            }
        }

        /// What follows a backslash.
        private mutating func escaped() throws(Fault) -> Characters {
            guard let scalar = next else { throw Fault(problem: "ends in a backslash") }
            place += 1
            switch scalar {
            case "d": return .digits
            case "w": return .word
            case "s": return .space
            case "D", "W", "S":
                let all: Characters = scalar == "D" ? .digits : scalar == "W" ? .word : .space
                return Characters(ranges: all.ranges, isInverted: true)
            case _ where Characters.word.contain(scalar) && scalar != "_":
                throw Fault(problem: "has “\\\(scalar)”, which is not supported")
            default: return Characters(ranges: [scalar...scalar])
            }
        }

        /// What stands between brackets, the first of which is read.
        private mutating func characterClass() throws(Fault) -> Characters {
            var characters = Characters(ranges: [], isInverted: take("^"))
            var isFirst = true
            while let scalar = next, isFirst || scalar != "]" {
                isFirst = false
                place += 1
                var part = Characters(ranges: [scalar...scalar])
                if scalar == "\\" { part = try escaped() }
                guard !part.isInverted else { throw Fault(problem: "has an inverted class within a class") }
                if let first = part.ranges.first?.lowerBound, part.ranges == [first...first], next == "-",
                    place + 1 < scalars.count, scalars[place + 1] != "]"
                {
                    place += 1
                    var last = scalars[place]
                    place += 1
                    if last == "\\" { last = try escaped().ranges.first?.lowerBound ?? last }
                    guard first <= last else { throw Fault(problem: "has a class that runs backwards") }
                    part.ranges = [first...last]
                }
                characters.ranges += part.ranges
            }
            guard take("]") else { throw Fault(problem: "opens a class that is not closed") }
            return characters
        }

        private mutating func repetition(of part: Node) throws(Fault) -> Node {
            let bounds: (minimum: Int, maximum: Int?)
            if take("*") {
                bounds = (0, nil)
            } else if take("+") {
                bounds = (1, nil)
            } else if take("?") {
                bounds = (0, 1)
            } else if take("{") {
                bounds = try counts()
            } else {
                return part
            }
            // Lazy or not, a whole name matches or does not.
            _ = take("?")
            if let next, "*+?{".unicodeScalars.contains(next) { throw Fault(problem: "repeats a repetition") }
            return .repeated(part, minimum: bounds.minimum, maximum: bounds.maximum)
        }

        /// What stands between braces, the first of which is read: `3`, `1,` or `1,3`.
        private mutating func counts() throws(Fault) -> (minimum: Int, maximum: Int?) {
            var text = ""
            while let scalar = next, scalar != "}", text.utf8.count < 10 {
                text.unicodeScalars.append(scalar)
                place += 1
            }
            let parts = text.split(separator: ",", omittingEmptySubsequences: false)
            let minimum = parts.first.flatMap { Int($0) }
            let maximum = parts.count == 2 ? (parts[1].isEmpty ? nil : Int(parts[1])) : minimum
            guard take("}"), let minimum, parts.count <= 2, parts.last?.isEmpty ?? true || maximum != nil,
                (0...Self.countLimit).contains(minimum), (minimum...Self.countLimit).contains(maximum ?? minimum)
            else { throw Fault(problem: "repeats a part “{\(text.legible(limit: 10))}” times") }
            return (minimum, maximum)
        }
    }
}
