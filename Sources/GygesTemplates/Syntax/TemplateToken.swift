/// A token of a template, as Jinja's lexer cuts them.
struct TemplateToken: Sendable {
    enum Kind: Sendable, Equatable {
        /// Text between tags, already stripped as its neighbours ask.
        case data(String)
        case variableBegin, variableEnd, blockBegin, blockEnd
        case name(String)
        case string(String)
        case integer(Int)
        /// An integer literal beyond 64 bits, as digits.
        case bigInteger(String)
        case double(Double)
        case symbol(Symbol)
        case end
    }

    /// Operators and punctuation.
    enum Symbol: String, Sendable {
        case power = "**", floorDivide = "//", equal = "==", notEqual = "!=", greaterOrEqual = ">=", lessOrEqual = "<="
        case add = "+", subtract = "-", divide = "/", multiply = "*", modulo = "%", tilde = "~"
        case leftBracket = "[", rightBracket = "]", leftParenthesis = "(", rightParenthesis = ")"
        case leftBrace = "{", rightBrace = "}"
        case greater = ">", less = "<", assign = "=", dot = ".", colon = ":", pipe = "|", comma = ",", semicolon = ";"
    }

    let kind: Kind
    let line: Int

    /// How messages call the token.
    var description: String {
        switch kind {
        case .data: "text"
        case .variableBegin: "'{{'"
        case .variableEnd: "'}}'"
        case .blockBegin: "'{%'"
        case .blockEnd: "'%}'"
        case .name(let name): "'\(name)'"
        case .string: "a string"
        case .integer, .bigInteger, .double: "a number"
        case .symbol(let symbol): "'\(symbol.rawValue)'"
        case .end: "the end of the template"
        }
    }
}
