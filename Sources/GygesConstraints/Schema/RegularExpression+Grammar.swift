extension RegularExpression {
    /// The most parts that a pattern has once its repetitions are written out.
    static let sizeLimit = 4000

    /// Fills a rule with a string of JSON, in quotes, whose characters match the pattern.
    ///
    /// A pattern matches anywhere in a string unless it is anchored, as JSON Schema has it. Characters that JSON does not
    /// allow in strings are written as their shortest escape.
    /// - Complexity: O(parts), at most ``sizeLimit``.
    func addString(_ rule: Int32, to builder: inout GrammarBuilder) throws(Fault) {
        var compiler = Compiler(builder: builder)
        let open = compiler.builder.addText(builder.start(rule), Array("\"".utf8))
        // `addText` above worked on the compiler's copy, whose start is the same.
        let close = compiler.builder.addNode(rule)
        let end = compiler.builder.addText(close, Array("\"".utf8))
        compiler.builder.markFinal(end)
        for parts in wholeStrings {
            let start = compiler.builder.addNode(rule)
            compiler.builder.addStep(open, start)
            compiler.builder.addStep(try compiler.add(.sequence(parts), from: start), close)
        }
        builder = compiler.builder
    }

    /// The alternatives at the top, each as parts in order that match a whole string: what is not anchored has anything around it.
    var wholeStrings: [[RegularExpression]] {
        let anything = RegularExpression.repeated(.characters(ScalarRanges.all), minimum: 0, maximum: nil)
        return branches.map { branch in
            var parts = branch
            let isStartAnchored = parts.first.map(\.isStart) ?? false
            let isEndAnchored = parts.last.map(\.isEnd) ?? false
            if isStartAnchored { parts.removeFirst() }
            if isEndAnchored, !parts.isEmpty { parts.removeLast() }
            return (isStartAnchored ? [] : [anything]) + parts + (isEndAnchored ? [] : [anything])
        }
    }

    /// The alternatives at the top, through groups that are all there is, each as its parts in order.
    private var branches: [[RegularExpression]] {
        switch self {
        case .alternatives(let branches): branches.flatMap(\.branches)
        case .sequence(let parts) where parts.count == 1: parts[0].branches
        case .sequence(let parts): [parts]
        default: [[self]]
        }
    }

    private var isStart: Bool { if case .start = self { true } else { false } }
    private var isEnd: Bool { if case .end = self { true } else { false } }

    /// Thompson's construction (1968): each part between a node and a new one.
    private struct Compiler {
        var builder: GrammarBuilder
        var size = 0

        mutating func add(_ expression: RegularExpression, from node: Int32) throws(Fault) -> Int32 {
            size += 1
            guard size <= RegularExpression.sizeLimit, !builder.isTooLarge else {
                throw .tooLarge
            }
            switch expression {
            case .characters(let ranges):
                let target = builder.addNode(beside: node)
                builder.addEscapedScalars(node, ranges, target)
                return target
            case .sequence(let parts):
                var end = node
                for part in parts { end = try add(part, from: end) }
                return end
            case .alternatives(let branches):
                let end = builder.addNode(beside: node)
                for branch in branches {
                    let start = builder.addNode(beside: node)
                    builder.addStep(node, start)
                    builder.addStep(try add(branch, from: start), end)
                }
                return end
            case .repeated(let part, let minimum, let maximum):
                var last = node
                for _ in 0..<minimum { last = try add(part, from: last) }
                let end = builder.addNode(beside: node)
                if let maximum {
                    for _ in minimum..<maximum {
                        builder.addStep(last, end)
                        last = try add(part, from: last)
                    }
                    builder.addStep(last, end)
                } else {
                    builder.addStep(last, end)
                    let start = builder.addNode(beside: node)
                    builder.addStep(end, start)
                    builder.addStep(try add(part, from: start), end)
                }
                return end
            case .start, .end:
                throw .innerAnchor
            }
        }
    }
}

extension RegularExpression.Fault {
    /// Too many parts.
    static let tooLarge = Self(
        message: "the pattern has more than \(RegularExpression.sizeLimit) parts once repetitions are written out",
        remedy: "Lower the numbers in {n,m}, or use maxLength instead")
    /// Too many states for a pattern with a format or bounds on the length.
    static let tooLargeTogether = Self(
        message:
            "pattern, format and bounds on the length together need more than \(CharacterAutomaton.stateLimit) states",
        remedy: "Lower the bounds, or the numbers in {n,m}; or write the length into the pattern: ^[a-z]{2,8}$")
    /// An anchor that is neither the beginning nor the end.
    static let innerAnchor = Self(
        message: "an anchor stands in the middle of the pattern",
        remedy: "Put ^ first and $ last, or around a group: ^(?:a|b)$")
}

extension GrammarBuilder {
    /// Adds edges that take one character of `ranges` as a JSON string writes it: as UTF-8, or as an escape where it must be.
    mutating func addEscapedScalars(_ source: Int32, _ ranges: [ClosedRange<UInt32>], _ target: Int32) {
        let escaped: [ClosedRange<UInt32>] = [0...0x1F, 0x22...0x22, 0x5C...0x5C]
        addScalars(source, ScalarRanges.subtracting(escaped, from: ranges), target)
        let needed = (0...0x5C).filter { scalar in
            (scalar < 0x20 || scalar == 0x22 || scalar == 0x5C) && ranges.contains { $0.contains(scalar) }
        }
        guard !needed.isEmpty else { return }
        // One tree for all of them, so that reading stays deterministic.
        let backslash = addText(source, Array("\\".utf8))
        var zeros: Int32?
        for scalar in needed {
            if let letter = Self.shortEscapes[scalar] {
                addEdge(backslash, letter, target)
            } else {
                let prefix = zeros ?? addText(backslash, Array("u00".utf8))
                zeros = prefix
                let high = addText(prefix, [scalar < 0x10 ? 0x30 : 0x31])
                let digit = Array(String(scalar & 0xF, radix: 16).utf8)[0]
                addEdge(high, digit...digit, target)
            }
        }
    }

    private static let shortEscapes: [UInt32: Unicode.Scalar] = [
        0x08: "b", 0x09: "t", 0x0A: "n", 0x0C: "f", 0x0D: "r", 0x22: "\"", 0x5C: "\\",
    ]
}
