extension TemplateInterpreter {
    func signed(_ value: TemplateValue, isNegative: Bool) throws(TemplateError) -> TemplateValue {
        switch value {
        case .undefined(let hint): throw TemplateError(.undefined, hint)
        case .double(let double): return .double(isNegative ? -double : double)
        default:
            guard let integer = value.index else {
                if case .bigInteger = value { throw overflow }
                throw TemplateError(.type, "\(value.typeName) has no sign")
            }
            return isNegative ? .integer(try checked(0.subtractingReportingOverflow(integer))) : .integer(integer)
        }
    }

    func compare(
        _ left: TemplateValue, _ comparison: TemplateExpression.ComparisonOperator, _ right: TemplateValue
    ) throws(TemplateError) -> Bool {
        switch comparison {
        case .within: return try contains(left, in: right)
        case .notWithin: return !(try contains(left, in: right))
        default: try spend(walkThrough: left, right)
        }
        switch comparison {
        case .equal: return left.equals(right)
        case .notEqual: return !left.equals(right)
        case .less: return try left.isLess(than: right)
        case .greater: return try right.isLess(than: left)
        // Not the negation of the other: a comparison with NaN is false either way.
        case .lessOrEqual: return try left.isLess(than: right) || left.equals(right)
        case .greaterOrEqual: return try right.isLess(than: left) || left.equals(right)
        case .within, .notWithin: return false  // Answered above.
        }
    }

    /// `left operation right` by Python's rules; integers beyond 64 bits are an error.
    func calculate(
        _ left: TemplateValue, _ operation: TemplateExpression.ArithmeticOperator, _ right: TemplateValue
    ) throws(TemplateError) -> TemplateValue {
        switch (operation, left, right) {
        case (_, .undefined(let hint), _), (_, _, .undefined(let hint)): throw TemplateError(.undefined, hint)
        case (_, .bigInteger, _), (_, _, .bigInteger): throw overflow
        case (.add, .string(let a), .string(let b)): return .string(try sum(a, b))
        case (.add, .sequence(let a), .sequence(let b)) where a.kind == b.kind && (a.kind == .list || a.kind == .tuple):
            try budget.step(a.elements.count + b.elements.count)
            return .sequence(try TemplateSequence(a.elements + b.elements, a.kind))
        case (.multiply, .string(let text), let count), (.multiply, let count, .string(let text)):
            if let count = count.index { return .string(try repeated(text, count)) }
        case (.multiply, .sequence(let list), let count), (.multiply, let count, .sequence(let list)):
            if list.kind == .list || list.kind == .tuple, let count = count.index {
                let total = try checked(list.elements.count.multipliedReportingOverflow(by: max(0, count)))
                try budget.step(total)
                let elements = Array(repeatElement(list.elements, count: max(0, count)).joined())
                return .sequence(try TemplateSequence(elements, list.kind))
            }
        case (.modulo, .string, _):
            throw TemplateError(.unsupported, "formatting strings with '%' is not known here")
        default: break
        }
        if let a = left.index, let b = right.index { return try calculate(a, operation, b) }
        if let a = left.floatingPoint, let b = right.floatingPoint { return try calculate(a, operation, b) }
        throw TemplateError(
            .type, "'\(operation.rawValue)' does not work on \(left.typeName) and \(right.typeName)")
    }

    private func sum(_ a: TemplateText, _ b: TemplateText) throws(TemplateError) -> TemplateText {
        try budget.spend(text: a.byteCount + b.byteCount)
        guard a.isMarkup || b.isMarkup else { return a + b }
        return try escaped(a) + escaped(b)
    }

    /// A text with HTML's characters escaped, which makes six bytes of one.
    func escaped(_ text: TemplateText) throws(TemplateError) -> TemplateText {
        guard !text.isMarkup else { return text }
        try work(on: text.byteCount, .search)
        let escaped = text.escaped
        try budget.spend(text: escaped.byteCount)
        return escaped
    }

    /// A text `count` times over.
    func repeated(_ text: TemplateText, _ count: Int) throws(TemplateError) -> TemplateText {
        try budget.spend(text: try checked(text.byteCount.multipliedReportingOverflow(by: max(0, count))))
        guard count > 0, !text.isEmpty else { return text[0..<0] }
        if text.isByOneHand { return text.mapped { String(repeating: $0, count: count) } }
        try budget.step(count)
        var result = text
        for _ in 1..<count { result.append(text) }
        return result
    }

    // MARK: Numbers

    var overflow: TemplateError { TemplateError(.arithmetic, "an integer beyond 64 bits") }
    private var divisionByZero: TemplateError { TemplateError(.arithmetic, "a division by zero") }

    func checked(_ result: (partialValue: Int, overflow: Bool)) throws(TemplateError) -> Int {
        guard !result.overflow else { throw overflow }
        return result.partialValue
    }

    private func calculate(
        _ a: Int, _ operation: TemplateExpression.ArithmeticOperator, _ b: Int
    ) throws(TemplateError) -> TemplateValue {
        switch operation {
        case .add: return .integer(try checked(a.addingReportingOverflow(b)))
        case .subtract: return .integer(try checked(a.subtractingReportingOverflow(b)))
        case .multiply: return .integer(try checked(a.multipliedReportingOverflow(by: b)))
        case .divide:
            guard b != 0 else { throw divisionByZero }
            return .double(Double(a) / Double(b))
        case .floorDivide:
            guard b != 0 else { throw divisionByZero }
            let quotient = try checked(a.dividedReportingOverflow(by: b))
            return .integer(a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient)
        case .modulo:
            guard b != 0 else { throw divisionByZero }
            let remainder = a.remainderReportingOverflow(dividingBy: b).partialValue
            return .integer(remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder)
        case .power:
            guard b >= 0 else { return try calculate(Double(a), .power, Double(b)) }
            return .integer(try power(a, b))
        }
    }

    private func power(_ base: Int, _ exponent: Int) throws(TemplateError) -> Int {
        if base.magnitude <= 1 { return base == -1 ? (exponent % 2 == 0 ? 1 : -1) : exponent == 0 ? 1 : base }
        var result = 1
        for _ in 0..<min(exponent, 64) { result = try checked(result.multipliedReportingOverflow(by: base)) }
        return result
    }

    private func calculate(
        _ a: Double, _ operation: TemplateExpression.ArithmeticOperator, _ b: Double
    ) throws(TemplateError) -> TemplateValue {
        switch operation {
        case .add: return .double(a + b)
        case .subtract: return .double(a - b)
        case .multiply: return .double(a * b)
        case .divide:
            guard b != 0 else { throw divisionByZero }
            return .double(a / b)
        case .floorDivide, .modulo:
            guard b != 0 else { throw divisionByZero }
            // As CPython's float_divmod.
            var remainder = a.truncatingRemainder(dividingBy: b)
            var quotient = (a - remainder) / b
            if remainder == 0 {
                remainder = Double(signOf: b, magnitudeOf: 0)
            } else if (b < 0) != (remainder < 0) {
                remainder += b
                quotient -= 1
            }
            if operation == .modulo { return .double(remainder) }
            guard quotient != 0 else { return .double(Double(signOf: a / b, magnitudeOf: 0)) }
            let floor = quotient.rounded(.down)
            return .double(quotient - floor > 0.5 ? floor + 1 : floor)
        case .power:
            guard a != 0 || b >= 0 else { throw divisionByZero }
            guard a >= 0 || b == b.rounded() else {
                throw TemplateError(.arithmetic, "a power that is a complex number")
            }
            let power = PythonArithmetic.power(a, b)
            guard power.isFinite || !a.isFinite || !b.isFinite else {
                throw TemplateError(.arithmetic, "a power beyond floating point")
            }
            return .double(power)
        }
    }
}

extension TemplateValue {
    /// The value as a floating-point number, if it is a number.
    var floatingPoint: Double? {
        if case .double(let double) = self { return double }
        return index.map(Double.init)
    }
}

extension TemplateText {
    /// The text with HTML's characters escaped, as markup.
    var escaped: TemplateText {
        guard !isMarkup else { return self }
        var escaped = mapped { text in
            var output = ""
            for scalar in text.unicodeScalars {
                switch scalar {
                case "&": output += "&amp;"
                case "<": output += "&lt;"
                case ">": output += "&gt;"
                case "'": output += "&#39;"
                case "\"": output += "&#34;"
                default: output.unicodeScalars.append(scalar)
                }
            }
            return output
        }
        escaped.isMarkup = true
        return escaped
    }
}
