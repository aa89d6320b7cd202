/// A regular expression in the subset of ECMA-262 that a finite automaton can read, as JSON Schema's `pattern` uses it.
///
/// Literals, `.`, classes with ranges and negation, `\d \w \s` and their opposites, escapes, groups, alternatives, `* + ?
/// {n} {n,} {n,m}` (greedy or lazy, which is the same for a language), `^` at the beginning and `$` at the end. Look-around,
/// back-references, `\b` and `\p` are refused.
indirect enum RegularExpression {
    case characters([ClosedRange<UInt32>])
    case sequence([RegularExpression])
    case alternatives([RegularExpression])
    case repeated(RegularExpression, minimum: Int, maximum: Int?)
    case start
    case end

    /// The maximum number in a repetition.
    static let repetitionLimit = 1000
    /// The deepest nesting of groups.
    static let depthLimit = 32
    /// The longest pattern, in characters.
    static let lengthLimit = 4096

    /// What is wrong with a pattern, and what to do.
    struct Fault: Error {
        var message: String
        var remedy: String
    }

    /// Reads a pattern.
    init(_ pattern: String) throws(Fault) {
        guard pattern.unicodeScalars.count <= Self.lengthLimit else {
            throw Fault(message: "the pattern is longer than \(Self.lengthLimit) characters", remedy: "Shorten it")
        }
        var parser = Parser(scalars: Array(pattern.unicodeScalars))
        self = try parser.alternatives(depth: 0)
        guard parser.isAtEnd else { throw parser.fault("a ')' closes no group", "Escape it as \\)") }
    }

    static let digits: [ClosedRange<UInt32>] = [0x30...0x39]
    static let wordCharacters: [ClosedRange<UInt32>] = [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A]
    /// ECMA-262's white space and line ends.
    static let spaces: [ClosedRange<UInt32>] = [
        0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029, 0x202F...0x202F,
        0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF,
    ]
    static let lineEnds: [ClosedRange<UInt32>] = [0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029]

    // MARK: Reading

    private struct Parser {
        let scalars: [Unicode.Scalar]
        var position = 0

        var isAtEnd: Bool { position == scalars.count }
        var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

        func fault(_ message: String, _ remedy: String) -> Fault {
            Fault(message: "pattern, character \(position + 1): \(message)", remedy: remedy)
        }

        mutating func take(_ scalar: Unicode.Scalar) -> Bool {
            guard next == scalar else { return false }
            position += 1
            return true
        }

        mutating func alternatives(depth: Int) throws(Fault) -> RegularExpression {
            guard depth <= RegularExpression.depthLimit else {
                throw fault("groups are nested deeper than \(RegularExpression.depthLimit)", "Flatten them")
            }
            var branches = [try sequence(depth: depth)]
            while take("|") { branches.append(try sequence(depth: depth)) }
            return branches.count == 1 ? branches[0] : .alternatives(branches)
        }

        private mutating func sequence(depth: Int) throws(Fault) -> RegularExpression {
            var parts: [RegularExpression] = []
            while let scalar = next, scalar != "|", scalar != ")" {
                var part = try atom(depth: depth)
                var isRepeated = false
                while let (minimum, maximum) = try quantifier() {
                    if isRepeated { throw fault("a repetition repeats a repetition", "Put the first one in a group") }
                    switch part {
                    case .start, .end: throw fault("an anchor cannot be repeated", "Remove the repetition")
                    default: break
                    }
                    part = .repeated(part, minimum: minimum, maximum: maximum)
                    isRepeated = true
                }
                parts.append(part)
            }
            return parts.count == 1 ? parts[0] : .sequence(parts)
        }

        private mutating func quantifier() throws(Fault) -> (Int, Int?)? {
            var range: (Int, Int?)
            switch next {
            case "*": range = (0, nil)
            case "+": range = (1, nil)
            case "?": range = (0, 1)
            case "{":
                position += 1
                let minimum = number()
                var maximum = minimum
                if take(",") { maximum = number() }
                guard let minimum, take("}"), maximum ?? minimum >= minimum else {
                    throw fault("a '{' begins no repetition", "Write {n}, {n,} or {n,m}, or escape it as \\{")
                }
                guard max(minimum, maximum ?? 0) <= RegularExpression.repetitionLimit else {
                    throw fault(
                        "a repetition of more than \(RegularExpression.repetitionLimit)",
                        "Use minLength and maxLength where only the length matters")
                }
                range = (minimum, maximum)
                position -= 1  // So that what follows the bracket is read as for the others.
            default: return nil
            }
            position += 1
            _ = take("?")
            return range
        }

        private mutating func number() -> Int? {
            var value: Int?
            while let scalar = next, ("0"..."9").contains(scalar) {
                value = min((value ?? 0) * 10 + Int(scalar.value - 0x30), 1_000_000)
                position += 1
            }
            return value
        }

        private mutating func atom(depth: Int) throws(Fault) -> RegularExpression {
            guard let scalar = next else { throw fault("something is missing", "Complete the pattern") }
            switch scalar {
            case "^":
                position += 1
                return .start
            case "$":
                position += 1
                return .end
            case ".":
                position += 1
                return .characters(ScalarRanges.complement(RegularExpression.lineEnds))
            case "[":
                position += 1
                return .characters(try characterClass())
            case "(":
                position += 1
                if take("?") { try groupKind() }
                let inner = try alternatives(depth: depth + 1)
                guard take(")") else { throw fault("a group is not closed", "Add a ')'") }
                // A group is one thing to an anchor check: keep it apart from what stands around.
                return .sequence([inner])
            case "\\":
                position += 1
                return .characters(try escape(inClass: false))
            case "*", "+", "?", "{": throw fault("a repetition of nothing", "Escape it as \\\(scalar)")
            default:
                position += 1
                return .characters([scalar.value...scalar.value])
            }
        }

        private mutating func groupKind() throws(Fault) {
            if take(":") { return }
            guard take("<"), next != "=", next != "!" else {
                throw fault(
                    "look-around is not supported", "State what is to be matched without (?=, (?!, (?<= and (?<!")
            }
            while let scalar = next, scalar != ">" {
                guard scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || scalar == "_" else { break }
                position += 1
            }
            guard take(">") else { throw fault("a group's name is not closed", "Write (?<name>…)") }
        }

        private mutating func characterClass() throws(Fault) -> [ClosedRange<UInt32>] {
            let isNegated = take("^")
            var ranges: [ClosedRange<UInt32>] = []
            while true {
                guard let scalar = next else { throw fault("a class is not closed", "Add a ']'") }
                position += 1
                if scalar == "]" { break }
                let low = scalar == "\\" ? try escape(inClass: true) : [scalar.value...scalar.value]
                guard next == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else {
                    ranges += low
                    continue
                }
                position += 1
                guard let last = next else { throw fault("a class is not closed", "Add a ']'") }
                position += 1
                let high = last == "\\" ? try escape(inClass: true) : [last.value...last.value]
                guard low.count == 1, high.count == 1, low[0].count == 1, high[0].count == 1,
                    low[0].lowerBound <= high[0].lowerBound
                else {
                    throw fault("a range in a class has no order", "Write the lower character first, or escape the '-'")
                }
                ranges.append(low[0].lowerBound...high[0].lowerBound)
            }
            return isNegated ? ScalarRanges.complement(ranges) : ScalarRanges.normalised(ranges)
        }

        private mutating func escape(inClass: Bool) throws(Fault) -> [ClosedRange<UInt32>] {
            guard let scalar = next else {
                throw fault("the pattern ends in a backslash", "Write \\\\ for a backslash")
            }
            position += 1
            switch scalar {
            case "d": return RegularExpression.digits
            case "D": return ScalarRanges.complement(RegularExpression.digits)
            case "w": return RegularExpression.wordCharacters
            case "W": return ScalarRanges.complement(RegularExpression.wordCharacters)
            case "s": return RegularExpression.spaces
            case "S": return ScalarRanges.complement(RegularExpression.spaces)
            case "t": return [0x09...0x09]
            case "n": return [0x0A...0x0A]
            case "v": return [0x0B...0x0B]
            case "f": return [0x0C...0x0C]
            case "r": return [0x0D...0x0D]
            case "b" where inClass: return [0x08...0x08]
            case "x": return try hexadecimal(digits: 2)
            case "u": return try hexadecimal(digits: 4)
            case "0" where !(next.map { ("0"..."9").contains($0) } ?? false): return [0...0]
            case let letter where letter.isASCII && (letter.properties.isAlphabetic || ("0"..."9").contains(letter)):
                throw fault(
                    "\\\(letter) is not supported",
                    "Use a class such as [a-z]; back-references, \\b and \\p are not regular or not read here")
            default: return [scalar.value...scalar.value]
            }
        }

        private mutating func hexadecimal(digits: Int) throws(Fault) -> [ClosedRange<UInt32>] {
            let isBraced = digits == 4 && take("{")
            var value: UInt32 = 0
            var count = 0
            while count < (isBraced ? 6 : digits), let digit = next, digit.isASCII,
                let number = Character(digit).hexDigitValue
            {
                value = value << 4 | UInt32(number)
                count += 1
                position += 1
            }
            guard isBraced ? count > 0 && take("}") : count == digits, let scalar = Unicode.Scalar(value) else {
                throw fault("an escape names no character", "Write \\xHH, \\uHHHH or \\u{H…}")
            }
            return [scalar.value...scalar.value]
        }
    }
}
