/// The rules of JSON (RFC 8259) that every grammar begins with, at the same numbers in all of them, so that what is found
/// out about their masks is found out once a vocabulary.
struct JSONLibrary: Sendable {
    /// Optional white space: nothing, one space, or a new line and up to 32 spaces or tabs.
    var space: Int32 = 0
    /// A string.
    var string: Int32 = 0
    /// A string whose counter counts its characters; called by no other rule.
    var measuredString: Int32 = 0
    /// An integer of up to 18 digits.
    var integer: Int32 = 0
    /// A number with up to 18 digits before and after the point and up to two in the exponent, hence a finite `Double`.
    var number: Int32 = 0
    /// An object with any members.
    var object: Int32 = 0
    /// An array with any elements.
    var array: Int32 = 0
    /// Any value.
    var value: Int32 = 0
    /// `true` or `false`.
    var boolean: Int32 = 0
    /// `null`.
    var null: Int32 = 0
    /// Nodes below this number are the library's.
    var nodeCount: Int32 = 0

    /// The most white space after a new line.
    static let indentationLimit = 32
    /// The most digits before and after the decimal point, so that integers fit 64 bits.
    static let digitLimit = 18

    static let placeholder = JSONLibrary()
    private init() {}

    init(_ builder: inout GrammarBuilder) {
        space = Self.addSpace(&builder)
        string = builder.addRule()
        Self.addString(string, counts: false, &builder)
        measuredString = builder.addRule(maximum: Grammar.unbounded - 1)
        Self.addString(measuredString, counts: true, &builder)
        integer = Self.addNumber(&builder, isInteger: true)
        number = Self.addNumber(&builder, isInteger: false)
        boolean = builder.addRule()
        builder.addTexts(builder.start(boolean), [Array("true".utf8), Array("false".utf8)])
        null = builder.addRule()
        builder.addTexts(builder.start(null), [Array("null".utf8)])
        value = builder.addRule()
        object = builder.addRule()
        array = builder.addRule()
        addValue(&builder)
        addObject(&builder)
        addArray(&builder)
        nodeCount = Int32(builder.nodes.count)
    }

    private static func addSpace(_ builder: inout GrammarBuilder) -> Int32 {
        let rule = builder.addRule()
        let start = builder.start(rule)
        builder.markFinal(start)
        let end = builder.addNode(rule)
        builder.markFinal(end)
        builder.addEdge(start, " ", end)
        var line = builder.addNode(rule)
        builder.addEdge(start, "\n", line)
        for _ in 0..<indentationLimit {
            builder.markFinal(line)
            let next = builder.addNode(rule)
            builder.addEdge(line, " ", next)
            builder.addEdge(line, "\t", next)
            line = next
        }
        builder.markFinal(line)
        return rule
    }

    /// Fills a rule with a string in quotes: well-formed UTF-8, every escape, surrogates only in pairs.
    ///
    /// - Parameter counts: whether the rule's counter counts characters (code points), as `maxLength` does.
    static func addString(_ rule: Int32, counts: Bool, _ builder: inout GrammarBuilder) {
        let each: Grammar.Guard = counts ? .counts : .always
        let nodes = (0..<17).map { _ in builder.addNode(rule) }
        let (body, end) = (nodes[0], nodes[1])
        builder.addEdge(builder.start(rule), "\"", body)
        builder.addEdge(body, "\"", end, counts ? .fromMinimum : .always)
        builder.markFinal(end)
        for range: ClosedRange<UInt8> in [0x20...0x21, 0x23...0x5B, 0x5D...0x7F] {
            builder.addEdge(body, range, body, each)
        }
        // UTF-8 (Unicode 16, table 3-7): `rest[n]` takes n more bytes of any continuation.
        let rest = [body, nodes[2], nodes[3], nodes[4]]
        for count in 1...3 { builder.addEdge(rest[count], 0x80...0xBF, rest[count - 1]) }
        builder.addEdge(body, 0xC2...0xDF, rest[1], each)
        builder.addEdge(body, 0xE1...0xEC, rest[2], each)
        builder.addEdge(body, 0xEE...0xEF, rest[2], each)
        builder.addEdge(body, 0xF1...0xF3, rest[3], each)
        let narrow: [(UInt8, ClosedRange<UInt8>, Int32, Int32)] = [
            (0xE0, 0xA0...0xBF, nodes[5], rest[1]), (0xED, 0x80...0x9F, nodes[6], rest[1]),
            (0xF0, 0x90...0xBF, nodes[7], rest[2]), (0xF4, 0x80...0x8F, nodes[8], rest[2]),
        ]
        for (first, second, node, next) in narrow {
            builder.addEdge(body, first...first, node, each)
            builder.addEdge(node, second, next)
        }
        // Escapes: `digits[n]` takes n more hexadecimal digits.
        let escape = nodes[9]
        builder.addEdge(body, "\\", escape, each)
        for character: Unicode.Scalar in ["\"", "\\", "/", "b", "f", "n", "r", "t"] {
            builder.addEdge(escape, character, body)
        }
        let digits = [body, nodes[10], nodes[11], nodes[12]]
        let hexadecimal: [ClosedRange<UInt8>] = [0x30...0x39, 0x41...0x46, 0x61...0x66]
        for count in 1...3 { for range in hexadecimal { builder.addEdge(digits[count], range, digits[count - 1]) } }
        // After \u: a unit outside of D800–DFFF, or D800–DBFF and then an escaped DC00–DFFF.
        let unit = nodes[13]
        let afterD = nodes[14]
        builder.addEdge(escape, "u", unit)
        for range: ClosedRange<UInt8> in [0x30...0x39, 0x41...0x43, 0x45...0x46, 0x61...0x63, 0x65...0x66] {
            builder.addEdge(unit, range, digits[3])
        }
        for range: ClosedRange<UInt8> in [0x44...0x44, 0x64...0x64] { builder.addEdge(unit, range, afterD) }
        builder.addEdge(afterD, 0x30...0x37, digits[2])
        let high = (nodes[15], nodes[16])
        for range: ClosedRange<UInt8> in [0x38...0x39, 0x41...0x42, 0x61...0x62] {
            builder.addEdge(afterD, range, high.0)
        }
        let low = builder.addNode(rule)
        for range in hexadecimal {
            builder.addEdge(high.0, range, high.1)
            builder.addEdge(high.1, range, low)
        }
        let lowD = builder.addText(low, Array("\\u".utf8))
        let lowUnit = builder.addNode(rule)
        for range: ClosedRange<UInt8> in [0x44...0x44, 0x64...0x64] { builder.addEdge(lowD, range, lowUnit) }
        for range: ClosedRange<UInt8> in [0x43...0x46, 0x63...0x66] { builder.addEdge(lowUnit, range, digits[2]) }
    }

    private static func addNumber(_ builder: inout GrammarBuilder, isInteger: Bool) -> Int32 {
        let rule = builder.addRule()
        let start = builder.start(rule)
        let sign = builder.addNode(rule)
        builder.addEdge(start, "-", sign)
        // Whole part: 0, or a digit from 1 and more. An integer has no negative zero.
        let zero = builder.addNode(rule)
        builder.addEdge(start, "0", zero)
        if !isInteger { builder.addEdge(sign, "0", zero) }
        var wholes = [zero]
        var digit = builder.addNode(rule)
        for source in [start, sign] { builder.addEdge(source, 0x31...0x39, digit) }
        for count in 1...digitLimit {
            wholes.append(digit)
            guard count < digitLimit else { break }
            let next = builder.addNode(rule)
            builder.addEdge(digit, 0x30...0x39, next)
            digit = next
        }
        for whole in wholes { builder.markFinal(whole) }
        guard !isInteger else { return rule }

        let point = builder.addNode(rule)
        for whole in wholes { builder.addEdge(whole, ".", point) }
        var fractions: [Int32] = []
        var last = point
        for _ in 0..<digitLimit {
            let next = builder.addNode(rule)
            builder.addEdge(last, 0x30...0x39, next)
            builder.markFinal(next)
            fractions.append(next)
            last = next
        }
        let exponent = builder.addNode(rule)
        let signed = builder.addNode(rule)
        for source in wholes + fractions {
            builder.addEdge(source, "e", exponent)
            builder.addEdge(source, "E", exponent)
        }
        for character: Unicode.Scalar in ["+", "-"] { builder.addEdge(exponent, character, signed) }
        let (first, second) = (builder.addNode(rule), builder.addNode(rule))
        for source in [exponent, signed] { builder.addEdge(source, 0x30...0x39, first) }
        builder.addEdge(first, 0x30...0x39, second)
        for end in [first, second] { builder.markFinal(end) }
        return rule
    }

    private func addValue(_ builder: inout GrammarBuilder) {
        let end = builder.addNode(value)
        builder.markFinal(end)
        for rule in [string, number, object, array, boolean, null] { builder.addCall(builder.start(value), rule, end) }
    }

    private func addObject(_ builder: inout GrammarBuilder) {
        let end = builder.addNode(object)
        builder.markFinal(end)
        let open = builder.addText(builder.start(object), Array("{".utf8))
        let first = builder.addCall(open, space)
        builder.addEdge(first, "}", end)
        let name = builder.addNode(object)
        builder.addCall(first, string, name)
        let colon = builder.addText(name, Array(":".utf8))
        let after = builder.addCall(builder.addCall(colon, space), value)
        builder.addEdge(builder.addCall(after, space), "}", end)
        let next = builder.addCall(builder.addText(after, Array(",".utf8)), space)
        builder.addCall(next, string, name)
    }

    private func addArray(_ builder: inout GrammarBuilder) {
        let end = builder.addNode(array)
        builder.markFinal(end)
        let first = builder.addCall(builder.addText(builder.start(array), Array("[".utf8)), space)
        builder.addEdge(first, "]", end)
        let after = builder.addNode(array)
        builder.addCall(first, value, after)
        builder.addEdge(builder.addCall(after, space), "]", end)
        let next = builder.addCall(builder.addText(after, Array(",".utf8)), space)
        builder.addCall(next, value, after)
    }
}
