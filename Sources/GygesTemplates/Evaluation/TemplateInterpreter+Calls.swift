extension TemplateInterpreter {
    /// `callee(arguments)`.
    func call(_ callee: TemplateValue, _ arguments: TemplateCallArguments) throws(TemplateError) -> TemplateValue {
        switch callee {
        case .undefined(let hint): throw TemplateError(.undefined, hint)
        case .macro(let index): return try call(macro: index, arguments)
        case .function(let function): return try call(function, arguments)
        case .method(.string(let text), let name): return try call(name, on: text, arguments)
        case .method(.dictionary(let dictionary), let name): return try call(name, on: dictionary, arguments)
        case .method(.sequence(let sequence), let name): return try call(name, on: sequence, arguments)
        case .method(.loop(let loop), let name): return try call(name, on: loop, arguments)
        default: throw TemplateError(.type, "\(callee.typeName) cannot be called")
        }
    }

    private func call(
        _ function: TemplateFunction, _ arguments: TemplateCallArguments
    ) throws(TemplateError) -> TemplateValue {
        switch function {
        case .range: return try range(arguments)
        case .dict: return .dictionary(try dictionary(arguments, for: "dict"))
        case .namespace:
            let attributes = try dictionary(arguments, for: "namespace")
            try budget.step(attributes.keys.count)
            namespaces.append([:])
            for (key, value) in attributes.members {
                guard case .string(let name) = key else {
                    throw TemplateError(.type, "names of a namespace's attributes are strings")
                }
                try setAttribute(name.text, ofNamespace: namespaces.count - 1, to: value)
            }
            return .namespace(namespaces.count - 1)
        case .raiseException:
            let message = try arguments.bound(to: ["message"], required: 1, of: function.rawValue)[0]
            throw TemplateError(.raised, try message.map(text)?.text ?? "")
        case .strftimeNow:
            let format = try arguments.bound(to: ["format"], required: 1, of: function.rawValue)[0]
            let text = try format.string(of: function.rawValue) ?? .empty
            try budget.spend(text: text.byteCount)
            try work(on: text.byteCount, .rewriting)
            return .literal(try clock.formatted(text.text))
        }
    }

    private func range(_ arguments: TemplateCallArguments) throws(TemplateError) -> TemplateValue {
        let values = try arguments.bound(to: ["start", "stop", "step"], required: 1, of: "range")
        guard arguments.keywords.isEmpty else { throw TemplateError(.type, "'range' takes no named arguments") }
        var bounds: [Int] = []
        for case .some(let value) in values {
            guard let integer = value.index else {
                throw TemplateError(.type, "'range' needs integers, not \(value.typeName)")
            }
            bounds.append(integer)
        }
        let (start, stop) = bounds.count == 1 ? (0, bounds[0]) : (bounds[0], bounds[1])
        let step = bounds.count > 2 ? bounds[2] : 1
        guard step != 0 else { throw TemplateError(.type, "the step of 'range' is zero") }
        let span = try checked(stop.subtractingReportingOverflow(start))
        guard span != 0, (span < 0) == (step < 0) else { return .sequence(try TemplateSequence([], .range)) }
        guard (span.magnitude - 1) / step.magnitude < limits.rangeCount else {
            throw TemplateError(.budget, "'range' has more than \(limits.rangeCount) elements")
        }
        let elements = stride(from: start, to: stop, by: step).map { TemplateValue.integer($0) }
        try budget.step(elements.count)
        return .sequence(try TemplateSequence(elements, .range))
    }

    /// The dictionary that `dict(…)` and `namespace(…)` make: of a dictionary or of pairs, and of named arguments.
    private func dictionary(
        _ arguments: TemplateCallArguments, for function: String
    ) throws(TemplateError) -> TemplateDictionary {
        guard arguments.positional.count <= 1 else {
            throw TemplateError(.type, "'\(function)' takes at most one argument without a name")
        }
        var dictionary = TemplateDictionary()
        switch arguments.positional.first {
        case nil: break
        case .dictionary(let given):
            try budget.step(given.keys.count)
            dictionary = given
        case .some(let pairs):
            for pair in try elements(of: pairs) {
                let pair = try elements(of: pair)
                guard pair.count == 2 else { throw TemplateError(.type, "'\(function)' needs pairs") }
                try work(on: pair[0].weight, .search)
                try dictionary.set(pair[0], pair[1])
            }
        }
        for (name, value) in arguments.keywords { try dictionary.set(.literal(name), value) }
        return dictionary
    }

    private func call(
        _ name: String, on loop: TemplateLoopState, _ arguments: TemplateCallArguments
    ) throws(TemplateError) -> TemplateValue {
        let values = arguments.positional
        if name == "cycle" {
            guard !values.isEmpty else { throw TemplateError(.type, "'loop.cycle' needs something to cycle through") }
            return values[loop.index % values.count]
        }
        defer { loop.lastChange = values }
        guard let last = loop.lastChange, last.count == values.count else { return .bool(true) }
        for (a, b) in zip(last, values) where !(try equals(a, b)) { return .bool(true) }
        return .bool(false)
    }
}
