extension TemplateParser {
    /// An expression; `a if b else c` is one only where `acceptsConditional`.
    mutating func expression(acceptsConditional: Bool = true) throws(TemplateError) -> TemplateExpression {
        try deeper { (parser) throws(TemplateError) in
            acceptsConditional ? try parser.conditionalExpression() : try parser.disjunction()
        }
    }

    /// An expression, or several with commas between them, which make a tuple.
    mutating func tupleOrExpression(
        acceptsConditional: Bool = true, isInParentheses: Bool = false
    ) throws(TemplateError) -> TemplateExpression {
        var elements: [TemplateExpression] = []
        var isTuple = false
        while true {
            if isTupleEnd { break }
            elements.append(try expression(acceptsConditional: acceptsConditional))
            guard skip(.comma) else { break }
            isTuple = true
        }
        if !isTuple {
            if let only = elements.first { return only }
            guard isInParentheses else { throw failure("expected an expression, got \(current.description)") }
        }
        return .tuple(elements)
    }

    private var isTupleEnd: Bool {
        current.kind == .variableEnd || current.kind == .blockEnd || isSymbol(.rightParenthesis) || isName("recursive")
    }

    // MARK: Operators, from the loosest to the tightest

    private mutating func conditionalExpression() throws(TemplateError) -> TemplateExpression {
        var result = try disjunction()
        var count = 0
        while skip(name: "if") {
            // Each operator puts the expression so far one deeper into the tree.
            count += 1
            guard count <= 20 else { throw TemplateError(.budget, "too many 'if' in one expression", line: line) }
            let condition = try disjunction()
            let otherwise = skip(name: "else") ? try expression() : nil
            result = .conditional(then: result, condition: condition, otherwise: otherwise)
        }
        return result
    }

    private mutating func disjunction() throws(TemplateError) -> TemplateExpression {
        let first = try conjunction()
        guard isName("or") else { return first }
        var operands = [first]
        while skip(name: "or") { operands.append(try conjunction()) }
        return .or(operands)
    }

    private mutating func conjunction() throws(TemplateError) -> TemplateExpression {
        let first = try negation()
        guard isName("and") else { return first }
        var operands = [first]
        while skip(name: "and") { operands.append(try negation()) }
        return .and(operands)
    }

    private mutating func negation() throws(TemplateError) -> TemplateExpression {
        guard skip(name: "not") else { return try comparison() }
        return .unary(.not, try deeper { (parser) throws(TemplateError) in try parser.negation() })
    }

    private mutating func comparison() throws(TemplateError) -> TemplateExpression {
        let first = try sum()
        var comparisons: [(TemplateExpression.ComparisonOperator, TemplateExpression)] = []
        while let comparison = comparisonOperator() { comparisons.append((comparison, try sum())) }
        return comparisons.isEmpty ? first : .comparison(first, comparisons)
    }

    /// Takes a comparison operator, if one stands here.
    private mutating func comparisonOperator() -> TemplateExpression.ComparisonOperator? {
        let found: TemplateExpression.ComparisonOperator
        switch current.kind {
        case .symbol(.equal): found = .equal
        case .symbol(.notEqual): found = .notEqual
        case .symbol(.less): found = .less
        case .symbol(.lessOrEqual): found = .lessOrEqual
        case .symbol(.greater): found = .greater
        case .symbol(.greaterOrEqual): found = .greaterOrEqual
        case .name("in"): found = .within
        case .name("not") where next.kind == .name("in"):
            advance()
            found = .notWithin
        default: return nil
        }
        advance()
        return found
    }

    private mutating func sum() throws(TemplateError) -> TemplateExpression {
        try arithmetic([.add, .subtract]) { (parser) throws(TemplateError) in try parser.concatenation() }
    }

    private mutating func concatenation() throws(TemplateError) -> TemplateExpression {
        let first = try product()
        guard isSymbol(.tilde) else { return first }
        var operands = [first]
        while skip(.tilde) { operands.append(try product()) }
        return .concatenation(operands)
    }

    private mutating func product() throws(TemplateError) -> TemplateExpression {
        try arithmetic([.multiply, .divide, .floorDivide, .modulo]) { (parser) throws(TemplateError) in
            // Jinja's power binds from left to right, unlike Python's.
            try parser.arithmetic([.power]) { (parser) throws(TemplateError) in try parser.unary() }
        }
    }

    private mutating func arithmetic(
        _ operators: [TemplateExpression.ArithmeticOperator],
        operand: (inout Self) throws(TemplateError) -> TemplateExpression
    ) throws(TemplateError) -> TemplateExpression {
        let first = try operand(&self)
        var terms: [(TemplateExpression.ArithmeticOperator, TemplateExpression)] = []
        while case .symbol(let symbol) = current.kind,
            let found = TemplateExpression.ArithmeticOperator(rawValue: symbol.rawValue), operators.contains(found)
        {
            advance()
            terms.append((found, try operand(&self)))
        }
        return terms.isEmpty ? first : .arithmetic(first, terms)
    }

    private mutating func unary(acceptsFilters: Bool = true) throws(TemplateError) -> TemplateExpression {
        let base: TemplateExpression
        if isSymbol(.subtract) || isSymbol(.add) {
            let sign: TemplateExpression.UnaryOperator = isSymbol(.subtract) ? .minus : .plus
            advance()
            base = .unary(
                sign, try deeper { (parser) throws(TemplateError) in try parser.unary(acceptsFilters: false) })
        } else {
            base = try primary()
        }
        var postfixes: [TemplatePostfix] = []
        try appendPostfixes(to: &postfixes)
        if postfixes.isEmpty || acceptsFilters { noteMissingFunction(base) }
        if acceptsFilters { try appendFilters(to: &postfixes) }
        return postfixes.isEmpty ? base : .postfix(base, postfixes)
    }

    /// Notes Jinja's functions that chat templates have no use for.
    private mutating func noteMissingFunction(_ expression: TemplateExpression) {
        if case .name(let name) = expression, ["lipsum", "cycler", "joiner"].contains(name) {
            note(missing: "function '\(name)'", line: line)
        }
    }

    // MARK: Values

    private mutating func primary() throws(TemplateError) -> TemplateExpression {
        switch current.kind {
        case .name(let word):
            switch word {
            case "true", "True":
                advance()
                return .bool(true)
            case "false", "False":
                advance()
                return .bool(false)
            case "none", "None":
                advance()
                return .none
            default:
                let name = try expectName()
                if ["varargs", "kwargs", "caller"].contains(name) {
                    for index in specialNames.indices { specialNames[index].insert(name) }
                }
                return .name(name)
            }
        case .string(var string):
            advance()
            while case .string(let more) = current.kind {
                string += more
                advance()
            }
            return .string(string)
        case .integer(let integer):
            advance()
            return .integer(integer)
        case .bigInteger(let digits):
            advance()
            return .bigInteger(digits)
        case .double(let double):
            advance()
            return .double(double)
        case .symbol(.leftParenthesis):
            advance()
            let inner = try tupleOrExpression(isInParentheses: true)
            try expect(.rightParenthesis)
            return inner
        case .symbol(.leftBracket):
            advance()
            return .list(
                try elements(until: .rightBracket) { (parser) throws(TemplateError) in try parser.expression() })
        case .symbol(.leftBrace):
            advance()
            let members: [(key: TemplateExpression, value: TemplateExpression)] = try elements(until: .rightBrace) {
                (parser) throws(TemplateError) in
                let key = try parser.expression()
                try parser.expect(.colon)
                return (key, try parser.expression())
            }
            return .dictionary(members)
        default: throw failure("unexpected \(current.description)")
        }
    }

    /// Elements with commas between them, and perhaps one behind the last, up to a closing bracket.
    private mutating func elements<Element>(
        until end: TemplateToken.Symbol, element: (inout Self) throws(TemplateError) -> Element
    ) throws(TemplateError) -> [Element] {
        var elements: [Element] = []
        while !isSymbol(end) {
            if !elements.isEmpty {
                try expect(.comma)
                if isSymbol(end) { break }
            }
            elements.append(try element(&self))
        }
        advance()
        return elements
    }

    // MARK: What follows values

    private mutating func appendPostfixes(to postfixes: inout [TemplatePostfix]) throws(TemplateError) {
        while true {
            if skip(.dot) {
                if case .integer(let index) = current.kind {
                    advance()
                    postfixes.append(.item(.integer(index)))
                } else if case .name(let name) = current.kind {
                    advance()
                    postfixes.append(.attribute(name))
                } else {
                    throw failure("expected a name or a number, got \(current.description)")
                }
            } else if skip(.leftBracket) {
                postfixes.append(try subscription())
            } else if isSymbol(.leftParenthesis) {
                postfixes.append(.call(try arguments()))
            } else {
                return
            }
        }
    }

    private mutating func subscription() throws(TemplateError) -> TemplatePostfix {
        var parts: [TemplateExpression?] = []
        var colons = 0
        var elements: [TemplateExpression] = []
        if !isSymbol(.colon) {
            let first = try expression()
            if skip(.rightBracket) { return .item(first) }
            if isSymbol(.comma) {
                elements.append(first)
                while skip(.comma), !isSymbol(.rightBracket) { elements.append(try expression()) }
                try expect(.rightBracket)
                return .item(.tuple(elements))
            }
            parts.append(first)
        } else {
            parts.append(nil)
        }
        while colons < 2, skip(.colon) {
            colons += 1
            parts.append(isSymbol(.colon) || isSymbol(.rightBracket) ? nil : try expression())
        }
        try expect(.rightBracket)
        return .slice(start: parts[0], stop: parts.count > 1 ? parts[1] : nil, step: parts.count > 2 ? parts[2] : nil)
    }

    private mutating func appendFilters(to postfixes: inout [TemplatePostfix]) throws(TemplateError) {
        while true {
            if isSymbol(.pipe) {
                postfixes += try filterChain(isFirst: false)
            } else if skip(name: "is") {
                postfixes.append(try test())
            } else if isSymbol(.leftParenthesis) {
                postfixes.append(.call(try arguments()))
            } else {
                return
            }
        }
    }

    /// `| name(arguments) | …`; the first bar has been read already if `isFirst`.
    mutating func filterChain(isFirst: Bool) throws(TemplateError) -> [TemplatePostfix] {
        var filters: [TemplatePostfix] = []
        var isFirst = isFirst
        while isFirst || skip(.pipe) {
            isFirst = false
            let line = line
            let name = try dottedName()
            let arguments = isSymbol(.leftParenthesis) ? try arguments() : TemplateArguments()
            if TemplateFilter(rawValue: name) == nil { note(missing: "filter '\(name)'", line: line) }
            noteMissingNames(in: arguments, of: name, line: line)
            filters.append(.filter(name, arguments))
        }
        return filters
    }

    /// Filters and tests are also named in the arguments of others: `map('upper')`, `selectattr('a', 'none')`.
    private mutating func noteMissingNames(in arguments: TemplateArguments, of filter: String, line: Int) {
        let position: Int
        switch filter {
        case "map", "select", "reject": position = 0
        case "selectattr", "rejectattr": position = 1
        default: return
        }
        guard arguments.positional.count > position, case .string(let name) = arguments.positional[position] else {
            return
        }
        if filter == "map" {
            if TemplateFilter(rawValue: name) == nil { note(missing: "filter '\(name)'", line: line) }
        } else if TemplateTest(name: name) == nil {
            note(missing: "test '\(name)'", line: line)
        }
    }

    private mutating func test() throws(TemplateError) -> TemplatePostfix {
        let line = line
        let isNegated = skip(name: "not")
        let name = try dottedName()
        var arguments = TemplateArguments()
        switch current.kind {
        case .symbol(.leftParenthesis): arguments = try self.arguments()
        case .name("is"): throw failure("tests with 'is' cannot be chained")
        case .name("else"), .name("or"), .name("and"): break
        case .name, .string, .integer, .bigInteger, .double, .symbol(.leftBracket), .symbol(.leftBrace):
            let argument = try deeper { (parser) throws(TemplateError) in
                let base = try parser.primary()
                var postfixes: [TemplatePostfix] = []
                try parser.appendPostfixes(to: &postfixes)
                return postfixes.isEmpty ? base : TemplateExpression.postfix(base, postfixes)
            }
            arguments.positional = [argument]
        default: break
        }
        if TemplateTest(name: name) == nil { note(missing: "test '\(name)'", line: line) }
        return .test(name, arguments, isNegated: isNegated)
    }

    private mutating func dottedName() throws(TemplateError) -> String {
        var name = try expectName()
        while skip(.dot) { name += "." + (try expectName()) }
        return name
    }

    private mutating func arguments() throws(TemplateError) -> TemplateArguments {
        try expect(.leftParenthesis)
        var arguments = TemplateArguments()
        var isFirst = true
        while !isSymbol(.rightParenthesis) {
            if !isFirst {
                try expect(.comma)
                if isSymbol(.rightParenthesis) { break }
            }
            isFirst = false
            if isSymbol(.multiply), arguments.rest == nil, arguments.keywordRest == nil {
                advance()
                arguments.rest = try expression()
            } else if isSymbol(.power), arguments.keywordRest == nil {
                advance()
                arguments.keywordRest = try expression()
            } else if case .name(let name) = current.kind, next.kind == .symbol(.assign), arguments.keywordRest == nil {
                advance()
                advance()
                arguments.keywords.append((name, try expression()))
            } else if arguments.rest == nil, arguments.keywordRest == nil, arguments.keywords.isEmpty {
                arguments.positional.append(try expression())
            } else {
                throw failure("a positional argument follows a named one")
            }
        }
        advance()
        return arguments
    }
}
