/// Walks through values, which cost what they see.
extension TemplateInterpreter {
    func spend(walkThrough values: TemplateValue...) throws(TemplateError) {
        for value in values { try budget.spend(text: value.weight) }
    }

    /// `str(value)`.
    func text(of value: TemplateValue) throws(TemplateError) -> TemplateText {
        if case .string(let text) = value { return text }
        try spend(walkThrough: value)
        return try value.printed()
    }

    /// What a loop over the value walks through.
    func elements(of value: TemplateValue) throws(TemplateError) -> [TemplateValue] {
        // A character takes many times its bytes when it is a value of its own.
        if case .string(let text) = value { try budget.spend(text: text.byteCount * 64) }
        let elements = try value.elements()
        try budget.step(elements.count)
        return elements
    }

    func contains(_ element: TemplateValue, in container: TemplateValue) throws(TemplateError) -> Bool {
        try spend(walkThrough: element, container)
        return try container.contains(element)
    }

    func equals(_ a: TemplateValue, _ b: TemplateValue) throws(TemplateError) -> Bool {
        try spend(walkThrough: a, b)
        return a.equals(b)
    }
}
