/// Runs a template once.
///
/// Values are those of Python as far as templates meet them; what raises there throws here. All that a template can use up
/// (steps, text, depth) is counted.
final class TemplateInterpreter {
    /// A macro with the names that it sees.
    struct Closure {
        let macro: TemplateMacro
        let scope: Scope
    }

    /// Names and their values, around which lie those of the tags outside.
    final class Scope {
        var variables: [String: TemplateValue] = [:]
        let parent: Scope?
        let depth: Int

        init(parent: Scope?) {
            self.parent = parent
            depth = (parent?.depth ?? 0) + 1
        }
    }

    /// What a statement does to the loop that it stands in.
    private enum Flow { case onward, leaveLoop, nextIteration }

    let clock: TemplateClock
    var budget: TemplateBudget
    let limits: TemplateLimits
    var namespaces: [[String: TemplateValue]] = []
    var macros: [Closure] = []
    /// The bytes of the output that `{% generation %}` blocks wrote; `nil` once one was captured.
    private(set) var generated: [Range<Int>]? = []
    private(set) var scope = Scope(parent: nil)
    private var output = TemplateText.empty
    private var captureDepth = 0
    private var loopLevel = 0
    private var callDepth = 0
    private var evaluationDepth = 0

    /// - Parameter variables: what the template can name.
    init(variables: [String: TemplateValue], clock: TemplateClock, limits: TemplateLimits, inputByteCount: Int) {
        self.clock = clock
        self.limits = limits
        budget = TemplateBudget(limits, inputByteCount: inputByteCount)
        scope.variables = variables
    }

    /// Runs a whole template and returns what it wrote.
    func run(_ statements: [TemplateStatement]) throws(TemplateError) -> TemplateText {
        // A scope holds macros, a macro its scope: the ring is broken when all is done.
        defer { macros.removeAll() }
        scope = Scope(parent: scope)
        _ = try execute(statements)
        return output
    }

    // MARK: Names

    /// The value of a name; missing names are undefined.
    func value(named name: String) -> TemplateValue {
        var scope: Scope? = scope
        while let current = scope {
            if let value = current.variables[name] { return value }
            scope = current.parent
        }
        if let function = TemplateFunction(rawValue: name) { return .function(function) }
        return .undefined(hint: "'\(name)' is undefined")
    }

    /// Does something in a scope of its own.
    private func scoped<Result>(
        in parent: Scope? = nil, _ body: () throws(TemplateError) -> Result
    ) throws(TemplateError) -> Result {
        let outer = scope
        scope = Scope(parent: parent ?? outer)
        defer { scope = outer }
        guard scope.depth <= TemplateLimits.evaluationDepth else {
            throw TemplateError(.budget, "scopes are nested deeper than \(TemplateLimits.evaluationDepth)")
        }
        return try body()
    }

    /// Does something and returns what it wrote instead of writing it.
    private func captured(_ body: () throws(TemplateError) -> Void) throws(TemplateError) -> TemplateText {
        let outer = output
        output = .empty
        captureDepth += 1
        defer {
            output = outer
            captureDepth -= 1
        }
        try body()
        return output
    }

    private func write(_ text: TemplateText) throws(TemplateError) {
        output.append(text)
        try budget.spend(text: text.byteCount)
        if captureDepth == 0, output.byteCount > budget.outputByteCount {
            throw TemplateError(.budget, "the template writes more than \(budget.outputByteCount) bytes")
        }
    }

    /// Does something one level deeper.
    func deeper<Result>(_ body: () throws(TemplateError) -> Result) throws(TemplateError) -> Result {
        evaluationDepth += 1
        defer { evaluationDepth -= 1 }
        guard evaluationDepth <= TemplateLimits.evaluationDepth else {
            throw TemplateError(
                .budget, "the template calls itself deeper than \(TemplateLimits.evaluationDepth) levels")
        }
        return try body()
    }

    // MARK: Statements

    private func execute(_ statements: [TemplateStatement]) throws(TemplateError) -> Flow {
        for statement in statements {
            do {
                try budget.step()
                let flow = try execute(statement.node)
                if flow != .onward { return flow }
            } catch {
                throw error.located(in: "", line: statement.line)
            }
        }
        return .onward
    }

    private func execute(_ node: TemplateStatement.Node) throws(TemplateError) -> Flow {
        switch node {
        case .text(let text): try write(TemplateText(text, isTrusted: true))
        case .output(let expression): try write(try text(of: try evaluate(expression)))
        case .conditional(let branches, let otherwise):
            for (condition, body) in branches where try evaluate(condition).isTrue { return try nested(body) }
            return try nested(otherwise)
        case .loop(let loop): try execute(loop)
        case .assignment(let target, let expression): try assign(try evaluate(expression), to: target)
        case .capture(let target, let filters, let body):
            let text = try scoped { () throws(TemplateError) in
                try captured { () throws(TemplateError) in _ = try nested(body) }
            }
            try assign(try apply(filters, to: .string(text)), to: target)
        case .macro(let macro):
            macros.append(Closure(macro: macro, scope: scope))
            scope.variables[macro.name] = .macro(macros.count - 1)
        case .call(let caller, let callee, let arguments):
            macros.append(Closure(macro: caller, scope: scope))
            var arguments = try evaluate(arguments)
            arguments.keywords.append(("caller", .macro(macros.count - 1)))
            try write(try text(of: try call(try evaluate(callee), arguments)))
        case .filter(let filters, let body):
            let text = try scoped { () throws(TemplateError) in
                try captured { () throws(TemplateError) in _ = try nested(body) }
            }
            try write(try self.text(of: try apply(filters, to: .string(text))))
        case .with(let assignments, let body):
            var values: [TemplateValue] = []
            for (_, expression) in assignments { values.append(try evaluate(expression)) }
            return try scoped { () throws(TemplateError) in
                for ((target, _), value) in zip(assignments, values) { try assign(value, to: target) }
                return try nested(body)
            }
        case .generation(let body):
            let start = output.byteCount
            _ = try scoped { () throws(TemplateError) in try nested(body) }
            if captureDepth > 0 { generated = nil }
            if output.byteCount > start { generated?.append(start..<output.byteCount) }
        case .leaveLoop: return .leaveLoop
        case .nextIteration: return .nextIteration
        }
        return .onward
    }

    private func nested(_ statements: [TemplateStatement]) throws(TemplateError) -> Flow {
        try deeper { () throws(TemplateError) in try execute(statements) }
    }

    private func execute(_ loop: TemplateLoop) throws(TemplateError) {
        var elements = try elements(of: try evaluate(loop.sequence))
        if let condition = loop.condition {
            var chosen: [TemplateValue] = []
            for element in elements {
                let isChosen = try scoped { () throws(TemplateError) in
                    try assign(element, to: loop.target)
                    return try evaluate(condition).isTrue
                }
                if isChosen { chosen.append(element) }
            }
            elements = chosen
        }
        guard !elements.isEmpty else {
            _ = try scoped { () throws(TemplateError) in try nested(loop.otherwise) }
            return
        }
        let state = TemplateLoopState(elements, level: loopLevel)
        loopLevel += 1
        defer { loopLevel -= 1 }
        for (index, element) in elements.enumerated() {
            state.index = index
            // Each pass has a scope of its own: what it sets is gone in the next.
            let flow = try scoped { () throws(TemplateError) in
                scope.variables["loop"] = .loop(state)
                try assign(element, to: loop.target)
                return try nested(loop.body)
            }
            if flow == .leaveLoop { break }
        }
    }

    private func assign(_ value: TemplateValue, to target: TemplateTarget) throws(TemplateError) {
        switch target {
        case .name(let name): scope.variables[name] = value
        case .tuple(let targets):
            let elements = try elements(of: value)
            guard elements.count == targets.count else {
                throw TemplateError(.type, "\(elements.count) values cannot be assigned to \(targets.count) names")
            }
            for (target, element) in zip(targets, elements) { try assign(element, to: target) }
        case .attribute(let name, let attribute):
            guard case .namespace(let index) = self.value(named: name) else {
                throw TemplateError(.type, "'\(name)' is not a namespace, so '\(name).\(attribute)' cannot be set")
            }
            try setAttribute(attribute, ofNamespace: index, to: value)
        }
    }

    /// Sets an attribute of a namespace. Names with a leading underscore are refused, as elsewhere.
    func setAttribute(_ name: String, ofNamespace index: Int, to value: TemplateValue) throws(TemplateError) {
        guard !name.hasPrefix("_") else {
            throw TemplateError(.unsupported, "attributes of namespaces cannot begin with an underscore: '\(name)'")
        }
        namespaces[index][name] = value
    }

    // MARK: Macros

    /// Calls a macro, and returns what it writes.
    func call(macro index: Int, _ arguments: TemplateCallArguments) throws(TemplateError) -> TemplateValue {
        let closure = macros[index]
        let macro = closure.macro
        callDepth += 1
        defer { callDepth -= 1 }
        guard callDepth <= limits.callDepth else {
            throw TemplateError(.budget, "macros call each other deeper than \(limits.callDepth) levels")
        }
        var keywords = arguments.keywords
        func take(_ name: String) -> TemplateValue? {
            guard let index = keywords.firstIndex(where: { $0.name == name }) else { return nil }
            return keywords.remove(at: index).value
        }
        // Every parameter looks for its name among the named arguments.
        try budget.step(macro.parameters.count)
        try work(on: try checked(macro.parameters.count.multipliedReportingOverflow(by: keywords.count)), .search)
        let text = try scoped(in: closure.scope) { () throws(TemplateError) in
            for (position, parameter) in macro.parameters.enumerated() {
                if position < arguments.positional.count {
                    scope.variables[parameter.name] = arguments.positional[position]
                    guard take(parameter.name) == nil else {
                        throw TemplateError(.type, "macro '\(macro.name)' was given '\(parameter.name)' twice")
                    }
                } else if let value = take(parameter.name) {
                    scope.variables[parameter.name] = value
                } else if let fallback = parameter.fallback {
                    scope.variables[parameter.name] = try evaluate(fallback)
                } else {
                    scope.variables[parameter.name] = .undefined(hint: "parameter '\(parameter.name)' was not provided")
                }
            }
            let rest = Array(arguments.positional.dropFirst(macro.parameters.count))
            if macro.usesRest {
                scope.variables["varargs"] = .sequence(try TemplateSequence(rest, .tuple))
            } else if !rest.isEmpty {
                throw TemplateError(
                    .type, "macro '\(macro.name)' takes not more than \(macro.parameters.count) argument(s)")
            }
            if macro.usesCaller {
                scope.variables["caller"] = take("caller") ?? .undefined(hint: "no caller defined")
            }
            if macro.usesKeywordRest {
                scope.variables["kwargs"] = .dictionary(
                    try TemplateDictionary(keywords.map { (.literal($0.name), $0.value) }))
            } else if let unknown = keywords.first {
                throw TemplateError(.type, "macro '\(macro.name)' takes no argument '\(unknown.name)'")
            }
            return try captured { () throws(TemplateError) in _ = try nested(macro.body) }
        }
        return .string(text)
    }
}
