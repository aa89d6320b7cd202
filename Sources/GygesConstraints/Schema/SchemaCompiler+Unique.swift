import GygesFiles

/// `uniqueItems`.
extension SchemaCompiler {
    /// An array whose elements are all different, of few values that the schema of the elements names.
    ///
    /// A place for each set of values that stand in the array so far: 2ⁿ for n values, at most ``SchemaLimits/uniqueCount``.
    mutating func uniqueArray(_ schema: JSONObject, _ pointer: String, minimum: Int, maximum: Int) -> Int32? {
        let place = "\(pointer)/items"
        guard !schema.contains("prefixItems"), let items = schema["items"],
            let element = flattened(items, place, chain: 0),
            let values = fewValues(element, place), values.count <= SchemaLimits.uniqueCount
        else {
            report(
                pointer, "uniqueItems of elements that are not at most \(SchemaLimits.uniqueCount) named values",
                "Name the elements' values with enum, or remove uniqueItems and check the answer afterwards")
            return nil
        }
        let maximum = min(maximum, values.count)
        guard minimum <= maximum else {
            report(pointer, "minItems is above the number of different elements", "Correct one of them")
            return nil
        }
        let callees = values.map { value in
            let rule = builder.addRule()
            builder.addTexts(builder.start(rule), [Array(value.serialized().utf8)])
            return rule
        }
        let rule = builder.addRule()
        let space = builder.library.space
        let end = builder.addNode(rule)
        builder.markFinal(end)
        // By the set of elements so far: where the next may begin, and what is behind the last.
        let slots = (0..<1 << values.count).map { _ in builder.addNode(rule) }
        let after = slots.map { _ in builder.addNode(rule) }
        builder.addCall(builder.addText(builder.start(rule), Array("[".utf8)), space, slots[0])
        if minimum == 0 { builder.addEdge(slots[0], "]", end) }
        for set in slots.indices {
            let count = set.nonzeroBitCount
            if count > 0, count >= minimum { builder.addEdge(builder.addCall(after[set], space), "]", end) }
            guard count < maximum else { continue }
            if count > 0 { builder.addCall(builder.addText(after[set], Array(",".utf8)), space, slots[set]) }
            for (index, callee) in callees.enumerated() where set & 1 << index == 0 {
                builder.addCall(slots[set], callee, after[set | 1 << index])
            }
        }
        return rule
    }

    /// The different values of a schema that names them, or has types of few values; `nil` if it does not.
    private mutating func fewValues(_ schema: JSONObject, _ pointer: String) -> [JSON]? {
        var values: [JSON] = []
        let types = schema["type"] == nil ? nil : types(of: schema, pointer)
        if schema["enum"] != nil || schema["const"] != nil {
            guard schema.keys.allSatisfy({ ["enum", "const", "type"].contains($0) }), let named = literals(schema)
            else {
                return nil
            }
            values = named.filter { value in types.map { matches(value, $0) } ?? true }
        } else {
            guard let types, schema.keys.allSatisfy({ $0 == "type" }),
                types.allSatisfy({ $0 == "boolean" || $0 == "null" })
            else { return nil }
            values = types.flatMap { $0 == "null" ? [JSON.null] : [true, false] }
        }
        // 1 and 1.0 are the same number.
        return values.reduce(into: []) { kept, value in
            let isKnown = kept.contains { $0 == value || $0.double != nil && $0.double == value.double }
            if !isKnown { kept.append(value) }
        }
    }
}
