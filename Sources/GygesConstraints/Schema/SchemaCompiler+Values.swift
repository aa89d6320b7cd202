import GygesFiles

/// The rules of each type's values.
extension SchemaCompiler {
    mutating func string(_ schema: JSONObject, _ pointer: String) -> Int32? {
        let minimum = count("minLength", schema, pointer) ?? 0
        let maximum = count("maxLength", schema, pointer)
        var patterns: [String] = []
        for keyword in ["pattern", "format"] {
            guard let value = schema[keyword] else { continue }
            guard let text = value.string else {
                report(pointer, "\(keyword) is not text", "Correct it")
                return nil
            }
            if keyword == "pattern" {
                patterns.append(text)
            } else if let pattern = StringFormat.pattern(text) {
                patterns.append(pattern)
            } else {
                let names = StringFormat.names.joined(separator: ", ")
                note(pointer, "the format \"\(text.prefix(60))\" is not enforced; \(names) are")
            }
        }
        if let maximum, maximum < minimum {
            report(pointer, "minLength is above maxLength", "Correct one of them")
            return nil
        }
        let isBounded = minimum > 0 || maximum != nil
        if patterns.isEmpty {
            guard isBounded else { return builder.library.string }
            let rule = builder.addRule(
                minimum: Int32(minimum), maximum: maximum.map { Int32($0) } ?? Grammar.unbounded)
            builder.markBoundedString(rule)
            JSONLibrary.addString(rule, counts: true, &builder)
            return rule
        }
        do {
            let rule = builder.addRule()
            if patterns.count == 1, !isBounded {
                try RegularExpression(patterns[0]).addString(rule, to: &builder)
                return rule
            }
            var automata: [CharacterAutomaton] = []
            for pattern in patterns { automata.append(try CharacterAutomaton(RegularExpression(pattern))) }
            let strings = try CommonStrings(automata, minimum: minimum, maximum: maximum)
            if strings.isEmpty {
                report(
                    pointer, "no text meets pattern, format and the bounds on the length together",
                    "Correct one of them")
                return nil
            }
            strings.addString(rule, to: &builder)
            return rule
        } catch {
            report(pointer, error.message, error.remedy)
            return nil
        }
    }

    mutating func number(_ schema: JSONObject, _ pointer: String, isInteger: Bool) -> Int32? {
        var lower: NumberBound?
        var upper: NumberBound?
        for keyword in SchemaLimits.bounds {
            guard let value = schema[keyword] else { continue }
            guard let bound = NumberBound(value, isExclusive: keyword.hasPrefix("exclusive")) else {
                report(pointer, "\(keyword) is not a number of at most 18 decimals", "Correct it, or round it")
                continue
            }
            let isLower = keyword.hasSuffix("inimum")
            guard (isLower ? lower : upper) == nil else {
                report(pointer, "both an inclusive and an exclusive bound", "Keep the tighter one")
                continue
            }
            if isLower { lower = bound } else { upper = bound }
        }
        var step: NumberStep?
        if let value = schema["multipleOf"] {
            step = NumberStep(value, ofIntegers: isInteger)
            guard step != nil else {
                report(
                    pointer,
                    """
                    multipleOf is not a number above 0 of at most 18 digits that leaves at most \
                    \(SchemaLimits.remainderCount) remainders
                    """, "Use an enum, or remove it and check the answer afterwards")
                return nil
            }
        }
        guard lower != nil || upper != nil || step != nil else {
            return isInteger ? builder.library.integer : builder.library.number
        }
        let rule = builder.addRule()
        NumberRange(lower: lower, upper: upper, isInteger: isInteger, step: step).add(to: rule, &builder)
        return rule
    }

    mutating func array(_ schema: JSONObject, _ pointer: String) -> Int32? {
        let minimum = count("minItems", schema, pointer) ?? 0
        let maximum = count("maxItems", schema, pointer) ?? Int(Grammar.unbounded)
        guard minimum <= maximum else {
            report(pointer, "minItems is above maxItems", "Correct one of them")
            return nil
        }
        let prefix = schema["prefixItems"]?.array ?? []
        if schema.contains("prefixItems"),
            schema["prefixItems"]?.array == nil || prefix.count > SchemaLimits.propertyCount
        {
            report(pointer, "prefixItems is not a list of at most \(SchemaLimits.propertyCount) schemas", "Correct it")
            return nil
        }
        if schema["items"]?.array != nil {
            report(pointer, "items is a list", "Use prefixItems for the first elements, and items for the others")
            return nil
        }
        if let isUnique = schema["uniqueItems"] {
            guard isUnique.bool != nil else {
                report(pointer, "uniqueItems is neither true nor false", "Correct it")
                return nil
            }
            if isUnique == true, maximum > 1 {
                return uniqueArray(schema, pointer, minimum: minimum, maximum: maximum)
            }
        }
        if prefix.isEmpty, !schema.contains("items"), minimum == 0, maximum == Int(Grammar.unbounded) {
            return builder.library.array
        }
        let others = schema["items"] ?? (prefix.isEmpty || minimum > prefix.count ? true : false)
        let hasOthers = maximum > prefix.count && others != false
        let rule = builder.addRule(
            minimum: Int32(max(0, minimum - prefix.count)),
            maximum: maximum == Int(Grammar.unbounded) ? Grammar.unbounded : Int32(max(0, maximum - prefix.count)))
        let space = builder.library.space
        let end = builder.addNode(rule)
        builder.markFinal(end)

        // `slot` is where the next element may begin, `close` where the array may end.
        var slot = builder.addCall(builder.addText(builder.start(rule), Array("[".utf8)), space)
        var close = slot
        for index in 0...prefix.count {
            if index >= minimum { builder.addEdge(close, "]", end) }
            guard index < prefix.count, index < maximum else { break }
            let after = builder.addCall(slot, self.rule(for: prefix[index], "\(pointer)/prefixItems/\(index)"))
            close = builder.addCall(after, space)
            slot = builder.addCall(builder.addText(after, Array(",".utf8)), space)
        }
        if hasOthers {
            let callee = self.rule(for: others, "\(pointer)/items")
            let after = builder.addNode(rule)
            builder.addCall(slot, callee, after, .counts)
            // White space, too, only where the array may end: a comma never follows it.
            let last = builder.addNode(rule)
            builder.addCall(after, space, last, .fromMinimum)
            builder.addEdge(last, "]", end)
            let comma = builder.addNode(rule)
            builder.addEdge(after, ",", comma, .belowMaximum)
            builder.addCall(builder.addCall(comma, space), callee, after, .counts)
        }
        return rule
    }
}
