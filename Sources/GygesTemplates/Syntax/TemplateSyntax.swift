/// An expression of a template.
///
/// Operators of one precedence stand in one flat list, so that the depth of the tree is that of the brackets in the source
/// and a chain of ten thousand `+` is neither deep to evaluate nor deep to free.
indirect enum TemplateExpression: Sendable {
    case none
    case bool(Bool)
    case integer(Int)
    case bigInteger(String)
    case double(Double)
    case string(String)
    case name(String)
    case list([TemplateExpression])
    case tuple([TemplateExpression])
    case dictionary([(key: TemplateExpression, value: TemplateExpression)])
    /// What follows a value: attributes, items, calls, filters and tests, applied from left to right.
    case postfix(TemplateExpression, [TemplatePostfix])
    case unary(UnaryOperator, TemplateExpression)
    /// Arithmetic of one precedence, applied from left to right.
    case arithmetic(TemplateExpression, [(ArithmeticOperator, TemplateExpression)])
    /// `a ~ b ~ c`.
    case concatenation([TemplateExpression])
    /// `a < b <= c`, true if each pair compares so.
    case comparison(TemplateExpression, [(ComparisonOperator, TemplateExpression)])
    case and([TemplateExpression])
    case or([TemplateExpression])
    /// `then if condition else otherwise`.
    case conditional(then: TemplateExpression, condition: TemplateExpression, otherwise: TemplateExpression?)

    enum UnaryOperator: Sendable { case not, minus, plus }
    enum ArithmeticOperator: String, Sendable {
        case add = "+", subtract = "-", multiply = "*", divide = "/", floorDivide = "//", modulo = "%", power = "**"
    }
    enum ComparisonOperator: Sendable {
        case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual, within, notWithin
    }
}

/// What can follow a value.
enum TemplatePostfix: Sendable {
    case attribute(String)
    case item(TemplateExpression)
    case slice(start: TemplateExpression?, stop: TemplateExpression?, step: TemplateExpression?)
    case call(TemplateArguments)
    case filter(String, TemplateArguments)
    case test(String, TemplateArguments, isNegated: Bool)
}

/// The arguments of a call as written.
struct TemplateArguments: Sendable {
    var positional: [TemplateExpression] = []
    var keywords: [(name: String, value: TemplateExpression)] = []
    /// `*list`.
    var rest: TemplateExpression?
    /// `**dictionary`.
    var keywordRest: TemplateExpression?
}

/// What can be assigned to.
indirect enum TemplateTarget: Sendable {
    case name(String)
    case tuple([TemplateTarget])
    /// `namespace.attribute`.
    case attribute(of: String, String)
}

/// The parameters and body of a macro or of a `call` block.
struct TemplateMacro: Sendable {
    let name: String
    let parameters: [(name: String, fallback: TemplateExpression?)]
    let body: [TemplateStatement]
    /// Which of `varargs`, `kwargs` and `caller` the body names, and so accepts.
    let usesRest: Bool
    let usesKeywordRest: Bool
    let usesCaller: Bool
}

/// A statement with the line it begins on.
struct TemplateStatement: Sendable {
    indirect enum Node: Sendable {
        case text(String)
        case output(TemplateExpression)
        case conditional([(condition: TemplateExpression, body: [TemplateStatement])], otherwise: [TemplateStatement])
        case loop(TemplateLoop)
        case assignment(TemplateTarget, TemplateExpression)
        /// `{% set name | filters %}…{% endset %}`.
        case capture(TemplateTarget, filters: [TemplatePostfix], body: [TemplateStatement])
        case macro(TemplateMacro)
        /// `{% call(parameters) macro(arguments) %}…{% endcall %}`: the body is handed over as `caller`.
        case call(TemplateMacro, callee: TemplateExpression, TemplateArguments)
        case filter([TemplatePostfix], body: [TemplateStatement])
        case with([(TemplateTarget, TemplateExpression)], body: [TemplateStatement])
        /// `{% generation %}`: marks what a trainer counts as the assistant's words; a scope of its own.
        case generation([TemplateStatement])
        case leaveLoop
        case nextIteration
    }

    let node: Node
    let line: Int
}

/// A `for` loop.
struct TemplateLoop: Sendable {
    let target: TemplateTarget
    let sequence: TemplateExpression
    /// `if` behind the sequence: which elements take part.
    let condition: TemplateExpression?
    let body: [TemplateStatement]
    /// What is done instead if no element takes part.
    let otherwise: [TemplateStatement]
}
