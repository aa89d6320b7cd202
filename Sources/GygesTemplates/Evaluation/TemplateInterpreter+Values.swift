/// Walks through values, which cost what they see.
extension TemplateInterpreter {
    func spend(walkThrough values: TemplateValue...) throws(TemplateError) {
        for value in values { try budget.work(on: value.weight, .search) }
    }

    /// Takes work on texts and values; see ``TemplateBudget/work(on:_:)``.
    func work(on byteCount: Int, _ cost: TemplateCost = .walk) throws(TemplateError) {
        try budget.work(on: byteCount, cost)
    }

    /// What changing the case of a text costs: letters beyond ASCII are looked up one by one.
    func workOnCase(of text: TemplateText) throws(TemplateError) {
        try work(on: text.byteCount, .search)
        try work(on: text.nonASCIIByteCount, .rewriting)
    }

    /// `str(value)`.
    func text(of value: TemplateValue) throws(TemplateError) -> TemplateText {
        if case .string(let text) = value { return text }
        try work(on: value.weight, .properties)
        let text = try value.printed()
        try budget.spend(text: text.byteCount)
        return text
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
        switch container {
        // A key is looked up, whatever the dictionary holds.
        case .dictionary: try work(on: element.weight, .search)
        case .string: try work(on: container.weight, .search)
        default: try spend(walkThrough: element, container)
        }
        return try container.contains(element)
    }

    func equals(_ a: TemplateValue, _ b: TemplateValue) throws(TemplateError) -> Bool {
        try spend(walkThrough: a, b)
        return a.equals(b)
    }
}
