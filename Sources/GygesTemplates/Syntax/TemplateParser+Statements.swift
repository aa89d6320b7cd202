extension TemplateParser {
    /// Statements up to a tag named in `ends` (whose name is then the current token), or to the end of the template if
    /// `ends` is empty.
    mutating func statements(until ends: [String]) throws(TemplateError) -> [TemplateStatement] {
        let opened = line
        var statements: [TemplateStatement] = []
        while true {
            let line = line
            switch current.kind {
            case .data(let text):
                advance()
                statements.append(TemplateStatement(node: .text(text), line: line))
            case .variableBegin:
                advance()
                let expression = try tupleOrExpression()
                try expect(.variableEnd, "'}}'")
                statements.append(TemplateStatement(node: .output(expression), line: line))
            case .blockBegin:
                advance()
                guard case .name(let tag) = current.kind else {
                    throw failure("expected the name of a tag, got \(current.description)")
                }
                if ends.contains(tag) { return statements }
                advance()
                statements += try deeper { (parser) throws(TemplateError) in try parser.statement(tag, line: line) }
            case .end where ends.isEmpty: return statements
            case .end:
                throw TemplateError(
                    .syntax, "the template ends where '\(ends.joined(separator: "' or '"))' is expected", line: opened)
            default: throw failure("unexpected \(current.description)")
            }
        }
    }

    /// The body of a tag: its closing, statements up to a tag named in `ends`, and the name of that tag. The closing of the
    /// last is taken too unless the caller reads on behind its name.
    private mutating func body(
        until ends: [String], takesEnd: Bool = true
    ) throws(TemplateError) -> (body: [TemplateStatement], end: String) {
        _ = skip(.colon)
        try expect(.blockEnd, "'%}'")
        let body = try statements(until: ends)
        guard case .name(let end) = current.kind else { throw failure("expected the name of a tag") }
        advance()
        if takesEnd { try expect(.blockEnd, "'%}'") }
        return (body, end)
    }

    /// A statement, whose tag's name has been read; none for a tag that is not known.
    private mutating func statement(_ tag: String, line: Int) throws(TemplateError) -> [TemplateStatement] {
        let node: TemplateStatement.Node
        switch tag {
        case "if": node = try conditional()
        case "for": node = try loop()
        case "set": node = try assignment()
        case "macro":
            let name = try expectName()
            node = .macro(try macro(name, parameters: try parameters(), end: "endmacro"))
        case "call": node = try callBlock()
        case "filter":
            let filters = try filterChain(isFirst: true)
            node = .filter(filters, body: try body(until: ["endfilter"]).body)
        case "with": node = try with()
        case "generation": node = .generation(try body(until: ["endgeneration"]).body)
        case "print": return try printed(line: line)
        case "break", "continue":
            node = tag == "break" ? .leaveLoop : .nextIteration
            try expect(.blockEnd, "'%}'")
        case _ where TemplateParser.closingTags.contains(tag):
            throw TemplateError(.syntax, "'\(tag)' closes nothing", line: line)
        default:
            // Read on behind the tag, to list all that is missing.
            if !tag.hasPrefix("end") { note(missing: "tag '\(tag)'", line: line) }
            while current.kind != .blockEnd, current.kind != .end { advance() }
            if current.kind == .blockEnd { advance() }
            if tag.hasPrefix("end") { note(missing: "tag '\(tag.dropFirst(3))'", line: line) }
            return []
        }
        return [TemplateStatement(node: node, line: line)]
    }

    private static let closingTags: Set<String> = [
        "elif", "else", "endif", "endfor", "endset", "endmacro", "endcall", "endfilter", "endwith", "endgeneration",
        "endraw",
    ]

    private mutating func conditional() throws(TemplateError) -> TemplateStatement.Node {
        var branches: [(condition: TemplateExpression, body: [TemplateStatement])] = []
        while true {
            let condition = try tupleOrExpression(acceptsConditional: false)
            let (body, end) = try body(until: ["elif", "else", "endif"], takesEnd: false)
            branches.append((condition, body))
            switch end {
            case "elif": continue
            case "else": return .conditional(branches, otherwise: try self.body(until: ["endif"]).body)
            default:
                try expect(.blockEnd, "'%}'")
                return .conditional(branches, otherwise: [])
            }
        }
    }

    private mutating func loop() throws(TemplateError) -> TemplateStatement.Node {
        let target = try target(acceptsAttribute: false)
        guard skip(name: "in") else { throw failure("expected 'in', got \(current.description)") }
        let sequence = try tupleOrExpression(acceptsConditional: false)
        let condition = skip(name: "if") ? try expression() : nil
        if isName("recursive") {
            note(missing: "'recursive' loops", line: line)
            advance()
        }
        let (body, end) = try body(until: ["endfor", "else"], takesEnd: false)
        let otherwise: [TemplateStatement]
        if end == "else" {
            otherwise = try self.body(until: ["endfor"]).body
        } else {
            otherwise = []
            try expect(.blockEnd, "'%}'")
        }
        return .loop(
            TemplateLoop(target: target, sequence: sequence, condition: condition, body: body, otherwise: otherwise))
    }

    private mutating func assignment() throws(TemplateError) -> TemplateStatement.Node {
        let target = try target(acceptsAttribute: true)
        if skip(.assign) {
            let value = try tupleOrExpression()
            try expect(.blockEnd, "'%}'")
            return .assignment(target, value)
        }
        let filters = try filterChain(isFirst: false)
        return .capture(target, filters: filters, body: try body(until: ["endset"]).body)
    }

    private mutating func with() throws(TemplateError) -> TemplateStatement.Node {
        var assignments: [(TemplateTarget, TemplateExpression)] = []
        while current.kind != .blockEnd {
            if !assignments.isEmpty { try expect(.comma) }
            let target = try target(acceptsAttribute: false)
            try expect(.assign)
            assignments.append((target, try expression()))
        }
        return .with(assignments, body: try body(until: ["endwith"]).body)
    }

    private mutating func printed(line: Int) throws(TemplateError) -> [TemplateStatement] {
        var statements: [TemplateStatement] = []
        while current.kind != .blockEnd {
            if !statements.isEmpty { try expect(.comma) }
            statements.append(TemplateStatement(node: .output(try expression()), line: line))
        }
        advance()
        return statements
    }

    private mutating func callBlock() throws(TemplateError) -> TemplateStatement.Node {
        let parameters = isSymbol(.leftParenthesis) ? try parameters() : []
        guard case .postfix(let base, var postfixes) = try expression(), case .call(let arguments) = postfixes.popLast()
        else { throw failure("'call' needs a call of a macro") }
        let callee: TemplateExpression = postfixes.isEmpty ? base : .postfix(base, postfixes)
        return .call(try macro("caller", parameters: parameters, end: "endcall"), callee: callee, arguments)
    }

    // MARK: Parts of statements

    private mutating func parameters() throws(TemplateError) -> [(name: String, fallback: TemplateExpression?)] {
        var parameters: [(name: String, fallback: TemplateExpression?)] = []
        try expect(.leftParenthesis)
        while !isSymbol(.rightParenthesis) {
            if !parameters.isEmpty { try expect(.comma) }
            let name = try expectName()
            if skip(.assign) {
                parameters.append((name, try expression()))
            } else if parameters.last?.fallback != nil {
                throw failure("a parameter without a default follows one with a default")
            } else {
                parameters.append((name, nil))
            }
        }
        advance()
        return parameters
    }

    private mutating func macro(
        _ name: String, parameters: [(name: String, fallback: TemplateExpression?)], end: String
    ) throws(TemplateError) -> TemplateMacro {
        specialNames.append([])
        defer { specialNames.removeLast() }
        let body = try body(until: [end]).body
        let used = (specialNames.last ?? []).subtracting(parameters.map(\.name))
        return TemplateMacro(
            name: name, parameters: parameters, body: body, usesRest: used.contains("varargs"),
            usesKeywordRest: used.contains("kwargs"), usesCaller: used.contains("caller"))
    }

    /// What is assigned to: a name, an attribute of a namespace, or several in a tuple.
    private mutating func target(acceptsAttribute: Bool) throws(TemplateError) -> TemplateTarget {
        var targets = [try singleTarget(acceptsAttribute)]
        guard isSymbol(.comma) else { return targets[0] }
        while skip(.comma) {
            guard case .name(let name) = current.kind, name != "in" else {
                guard isSymbol(.leftParenthesis) else { break }
                targets.append(try singleTarget(acceptsAttribute))
                continue
            }
            targets.append(try singleTarget(acceptsAttribute))
        }
        return .tuple(targets)
    }

    private mutating func singleTarget(_ acceptsAttribute: Bool) throws(TemplateError) -> TemplateTarget {
        if skip(.leftParenthesis) {
            let inner = try deeper { (parser) throws(TemplateError) in
                try parser.target(acceptsAttribute: acceptsAttribute)
            }
            try expect(.rightParenthesis)
            return inner
        }
        let name = try expectName()
        if ["true", "false", "none", "True", "False", "None"].contains(name) {
            throw failure("'\(name)' is a constant")
        }
        if acceptsAttribute, skip(.dot) { return .attribute(of: name, try expectName()) }
        return .name(name)
    }
}
