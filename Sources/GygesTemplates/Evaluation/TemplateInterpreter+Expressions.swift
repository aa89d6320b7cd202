extension TemplateInterpreter {
    /// The value of an expression.
    func evaluate(_ expression: TemplateExpression) throws(TemplateError) -> TemplateValue {
        try budget.step()
        // Leaves go without the count of depth.
        switch expression {
        case .none: return .none
        case .bool(let bool): return .bool(bool)
        case .integer(let integer): return .integer(integer)
        case .bigInteger(let digits): return .bigInteger(digits)
        case .double(let double): return .double(double)
        case .string(let string): return .literal(string)
        case .name(let name): return value(named: name)
        default: return try deeper { () throws(TemplateError) in try evaluateBranch(expression) }
        }
    }

    private func evaluateBranch(_ expression: TemplateExpression) throws(TemplateError) -> TemplateValue {
        switch expression {
        case .list(let elements): return .sequence(try TemplateSequence(try evaluate(elements)))
        case .tuple(let elements): return .sequence(try TemplateSequence(try evaluate(elements), .tuple))
        case .dictionary(let members):
            var dictionary = TemplateDictionary()
            for (key, value) in members {
                let key = try evaluate(key)
                try work(on: key.weight, .search)
                try dictionary.set(key, try evaluate(value))
            }
            return .dictionary(dictionary)
        case .postfix(let base, let postfixes): return try evaluate(base, postfixes)
        case .unary(.not, let operand): return .bool(!(try evaluate(operand).isTrue))
        case .unary(let sign, let operand): return try signed(try evaluate(operand), isNegative: sign == .minus)
        case .arithmetic(let first, let terms):
            var result = try evaluate(first)
            for (operation, operand) in terms { result = try calculate(result, operation, try evaluate(operand)) }
            return result
        case .concatenation(let operands):
            // All are evaluated before any is turned into text.
            var text = TemplateText.empty
            for operand in try evaluate(operands) {
                let part = try self.text(of: operand).plain
                try budget.spend(text: part.byteCount)
                text.append(part)
            }
            return .string(text)
        case .comparison(let first, let comparisons):
            var left = try evaluate(first)
            for (comparison, operand) in comparisons {
                let right = try evaluate(operand)
                if !(try compare(left, comparison, right)) { return .bool(false) }
                left = right
            }
            return .bool(true)
        case .and(let operands):
            var result = TemplateValue.none
            for operand in operands {
                result = try evaluate(operand)
                if !result.isTrue { break }
            }
            return result
        case .or(let operands):
            var result = TemplateValue.none
            for operand in operands {
                result = try evaluate(operand)
                if result.isTrue { break }
            }
            return result
        case .conditional(let then, let condition, let otherwise):
            if try evaluate(condition).isTrue { return try evaluate(then) }
            if let otherwise { return try evaluate(otherwise) }
            return .undefined(hint: "an 'if' in an expression was false and had no 'else'")
        case .none, .bool, .integer, .bigInteger, .double, .string, .name: return try evaluate(expression)
        }
    }

    private func evaluate(_ expressions: [TemplateExpression]) throws(TemplateError) -> [TemplateValue] {
        var values: [TemplateValue] = []
        values.reserveCapacity(expressions.count)
        for expression in expressions { values.append(try evaluate(expression)) }
        return values
    }

    // MARK: What follows values

    private func evaluate(
        _ base: TemplateExpression, _ postfixes: [TemplatePostfix]
    ) throws(TemplateError) -> TemplateValue {
        var value = try evaluate(base)
        for postfix in postfixes {
            try budget.step()
            switch postfix {
            case .attribute(let name): value = try attribute(name, of: value)
            case .item(let index): value = try item(try evaluate(index), of: value)
            case .slice(let start, let stop, let step):
                let bounds = (try start.map(evaluate), try stop.map(evaluate), try step.map(evaluate))
                value = try slice(value, start: bounds.0, stop: bounds.1, step: bounds.2)
            case .call(let arguments): value = try call(value, try evaluate(arguments))
            case .filter, .test: value = try apply(postfix, to: value)
            }
        }
        return value
    }

    /// Applies filters, as behind `{% filter %}` and `{% set %}`.
    func apply(_ filters: [TemplatePostfix], to value: TemplateValue) throws(TemplateError) -> TemplateValue {
        var value = value
        for filter in filters { value = try apply(filter, to: value) }
        return value
    }

    private func apply(_ postfix: TemplatePostfix, to value: TemplateValue) throws(TemplateError) -> TemplateValue {
        switch postfix {
        case .filter(let name, let arguments): return try filter(value, named: name, try evaluate(arguments))
        case .test(let name, let arguments, let isNegated):
            return .bool(try test(value, named: name, try evaluate(arguments).positional) != isNegated)
        case .attribute, .item, .slice, .call: return value
        }
    }

    /// The values of a call's arguments.
    func evaluate(_ arguments: TemplateArguments) throws(TemplateError) -> TemplateCallArguments {
        var evaluated = TemplateCallArguments()
        for argument in arguments.positional { evaluated.positional.append(try evaluate(argument)) }
        for (name, value) in arguments.keywords { evaluated.keywords.append((name, try evaluate(value))) }
        if let rest = arguments.rest { evaluated.positional += try elements(of: try evaluate(rest)) }
        if let rest = arguments.keywordRest {
            guard case .dictionary(let dictionary) = try evaluate(rest) else {
                throw TemplateError(.type, "'**' needs a dictionary")
            }
            try budget.step(dictionary.keys.count)
            for (key, value) in dictionary.members {
                guard case .string(let name) = key else { throw TemplateError(.type, "names of arguments are strings") }
                evaluated.keywords.append((name.text, value))
            }
        }
        try budget.step(evaluated.positional.count)
        return evaluated
    }

    // MARK: Members

    /// `value.name`: Python's attribute, or else the member of that name.
    func attribute(_ name: String, of value: TemplateValue) throws(TemplateError) -> TemplateValue {
        try work(on: name.utf8.count, .search)
        if let found = try ownAttribute(name, of: value) { return found }
        if case .dictionary(let dictionary) = value, let member = dictionary.value(named: name) { return member }
        return .undefined(hint: "\(value.typeName) has no member '\(name)'")
    }

    /// `value[key]`: the item, or else Python's attribute of that name.
    func item(_ key: TemplateValue, of value: TemplateValue) throws(TemplateError) -> TemplateValue {
        try work(on: key.weight, .search)
        switch value {
        case .undefined(let hint): throw TemplateError(.undefined, hint)
        case .dictionary(let dictionary):
            if let member = (try? dictionary.value(at: key)) ?? nil { return member }
        case .sequence(let sequence) where sequence.kind.hasIndex:
            if let index = key.index, let position = wrapped(index, count: sequence.elements.count) {
                return sequence.elements[position]
            }
        case .string(let text):
            guard let index = key.index else { break }
            try work(on: text.byteCount, .search)
            let boundaries = text.scalarBoundaries
            if let position = wrapped(index, count: boundaries.count - 1) {
                return .string(text[boundaries[position]..<boundaries[position + 1]])
            }
        default: break
        }
        if case .string(let name) = key, let found = try ownAttribute(name.text, of: value) { return found }
        return .undefined(hint: "\(value.typeName) has no such item")
    }

    private func wrapped(_ index: Int, count: Int) -> Int? {
        let position = index < 0 ? index + count : index
        return (0..<count).contains(position) ? position : nil
    }

    /// What Python has as an attribute: methods, and the members of namespaces and loops.
    private func ownAttribute(_ name: String, of value: TemplateValue) throws(TemplateError) -> TemplateValue? {
        switch value {
        case .undefined(let hint): throw TemplateError(.undefined, hint)
        case .namespace(let index): return namespaces[index][name]
        case .loop(let loop): return try attribute(name, of: loop)
        case .macro(let index) where name == "name": return .literal(macros[index].macro.name)
        case .string where TemplateStringMethod(rawValue: name) != nil,
            .dictionary where TemplateDictionaryMethod(rawValue: name) != nil,
            .sequence where TemplateSequenceMethod(rawValue: name) != nil:
            return .method(value, name: name)
        default: return nil
        }
    }

    private func attribute(_ name: String, of loop: TemplateLoopState) throws(TemplateError) -> TemplateValue? {
        let (index, count) = (loop.index, loop.elements.count)
        switch name {
        case "index": return .integer(index + 1)
        case "index0": return .integer(index)
        case "revindex": return .integer(count - index)
        case "revindex0": return .integer(count - index - 1)
        case "first": return .bool(index == 0)
        case "last": return .bool(index == count - 1)
        case "length": return .integer(count)
        case "depth": return .integer(loop.level + 1)
        case "depth0": return .integer(loop.level)
        case "previtem": return index > 0 ? loop.elements[index - 1] : .undefined(hint: "there is no previous item")
        case "nextitem": return index + 1 < count ? loop.elements[index + 1] : .undefined(hint: "there is no next item")
        case "cycle", "changed": return .method(.loop(loop), name: name)
        default: return nil
        }
    }

    /// `value[start:stop:step]` by Python's rules; strings are cut between characters as Python counts them.
    private func slice(
        _ value: TemplateValue, start: TemplateValue?, stop: TemplateValue?, step: TemplateValue?
    ) throws(TemplateError) -> TemplateValue {
        func bound(_ value: TemplateValue?) throws(TemplateError) -> Int? {
            switch value {
            case nil, .some(.none): return nil
            case .some(let value):
                guard let index = value.index else {
                    throw TemplateError(.type, "a slice needs integers, not \(value.typeName)")
                }
                return index
            }
        }
        let (start, stop, step) = (try bound(start), try bound(stop), try bound(step) ?? 1)
        guard step != 0 else { throw TemplateError(.type, "the step of a slice is zero") }
        func indices(_ count: Int) -> [Int] {
            func clamped(_ bound: Int, low: Int, high: Int) -> Int {
                bound < 0 ? max(bound &+ count, low) : min(bound, high)
            }
            if step > 0 {
                let first = start.map { clamped($0, low: 0, high: count) } ?? 0
                let end = stop.map { clamped($0, low: 0, high: count) } ?? count
                return Array(Swift.stride(from: first, to: end, by: step))
            }
            let first = start.map { clamped($0, low: -1, high: count - 1) } ?? count - 1
            let end = stop.map { clamped($0, low: -1, high: count - 1) } ?? -1
            return Array(Swift.stride(from: first, to: end, by: step))
        }
        switch value {
        case .undefined(let hint): throw TemplateError(.undefined, hint)
        case .string(let text):
            try budget.spend(text: text.byteCount)
            try work(on: text.byteCount, .search)
            let boundaries = text.scalarBoundaries
            let indices = indices(boundaries.count - 1)
            guard let first = indices.first, let last = indices.last else { return .string(text[0..<0]) }
            if step == 1 { return .string(text[boundaries[first]..<boundaries[last + 1]]) }
            try budget.step(indices.count)
            let characters = indices.map { text[boundaries[$0]..<boundaries[$0 + 1]] }
            var result = TemplateText.joined(characters, separator: .empty)
            result.isMarkup = text.isMarkup
            return .string(result)
        case .sequence(let sequence) where sequence.kind.hasIndex:
            let indices = indices(sequence.elements.count)
            try budget.step(indices.count)
            return .sequence(try TemplateSequence(indices.map { sequence.elements[$0] }, sequence.kind))
        default: throw TemplateError(.type, "\(value.typeName) cannot be sliced")
        }
    }
}

extension TemplateValue {
    /// The value as an index.
    var index: Int? {
        switch self {
        case .integer(let integer): integer
        case .bool(let bool): bool ? 1 : 0
        default: nil
        }
    }
}
