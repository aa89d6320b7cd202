/// Reads tokens into statements, by recursive descent with a bound on its depth.
struct TemplateParser {
    private let tokens: [TemplateToken]
    private var position = 0
    private var depth = 0
    private let depthLimit: Int
    /// Tags, filters, tests and functions that this interpreter does not have, with the line of the first use. They are
    /// collected, so that one error lists all that a template lacks.
    private var missing: [(what: String, line: Int)] = []
    /// For each macro that is being read, which of the special names its body uses.
    var specialNames: [Set<String>] = []

    private init(_ tokens: [TemplateToken], depthLimit: Int) {
        self.tokens = tokens
        self.depthLimit = depthLimit
    }

    /// Parses a template.
    static func parse(_ source: String, limits: TemplateLimits) throws(TemplateError) -> [TemplateStatement] {
        guard source.utf8.count <= limits.sourceByteCount else {
            throw TemplateError(
                .budget, "the template has \(source.utf8.count) bytes; at most \(limits.sourceByteCount) are read")
        }
        var parser = TemplateParser(try TemplateLexer.tokens(of: source), depthLimit: limits.syntaxDepth)
        let statements: [TemplateStatement]
        do {
            statements = try parser.statements(until: [])
        } catch {
            throw parser.missing.isEmpty || error.kind != .syntax ? error : parser.missingError
        }
        if !parser.missing.isEmpty { throw parser.missingError }
        return statements
    }

    private var missingError: TemplateError {
        let list = missing.map { "\($0.what) (line \($0.line))" }.joined(separator: ", ")
        return TemplateError(
            .unsupported, "the template uses what is not known here: \(list)", line: missing.first?.line)
    }

    /// Notes something that the template needs and that is not there.
    mutating func note(missing what: String, line: Int) {
        if !missing.contains(where: { $0.what == what }) { missing.append((what, line)) }
    }

    // MARK: Tokens

    var current: TemplateToken { tokens[position] }
    var next: TemplateToken { tokens[min(position + 1, tokens.count - 1)] }
    var line: Int { current.line }

    /// Moves past the current token, though never past the end.
    mutating func advance() { position = min(position + 1, tokens.count - 1) }

    func isName(_ name: String) -> Bool { current.kind == .name(name) }
    func isSymbol(_ symbol: TemplateToken.Symbol) -> Bool { current.kind == .symbol(symbol) }

    mutating func skip(name: String) -> Bool {
        guard isName(name) else { return false }
        advance()
        return true
    }

    mutating func skip(_ symbol: TemplateToken.Symbol) -> Bool {
        guard isSymbol(symbol) else { return false }
        advance()
        return true
    }

    mutating func expect(_ symbol: TemplateToken.Symbol) throws(TemplateError) {
        guard skip(symbol) else { throw failure("expected '\(symbol.rawValue)', got \(current.description)") }
    }

    mutating func expect(_ kind: TemplateToken.Kind, _ name: String) throws(TemplateError) {
        guard current.kind == kind else { throw failure("expected \(name), got \(current.description)") }
        advance()
    }

    mutating func expectName() throws(TemplateError) -> String {
        guard case .name(let name) = current.kind else { throw failure("expected a name, got \(current.description)") }
        guard name.unicodeScalars.first?.properties.isXIDStart == true || name.hasPrefix("_") else {
            throw failure("'\(name)' is not a name")
        }
        advance()
        return name
    }

    func failure(_ message: String) -> TemplateError { TemplateError(.syntax, message, line: line) }

    /// Does something one level deeper, unless that is too deep.
    mutating func deeper<Result>(
        _ body: (inout Self) throws(TemplateError) -> Result
    ) throws(TemplateError) -> Result {
        depth += 1
        defer { depth -= 1 }
        guard depth <= depthLimit else {
            throw TemplateError(.budget, "tags or brackets are nested deeper than \(depthLimit)", line: line)
        }
        return try body(&self)
    }
}
