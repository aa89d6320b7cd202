import GygesFiles

extension SchemaCompiler {
    /// An object with its properties in the schema's order, then others if there may be any.
    mutating func object(_ schema: JSONObject, _ pointer: String) -> Int32? {
        guard var properties = schema["properties"] == nil ? JSONObject() : schema["properties"]?.object else {
            report(pointer, "properties is not an object", "Write {\"name\": {…}}")
            return nil
        }
        let required = (schema["required"]?.array ?? []).compactMap(\.string)
        guard !schema.contains("required") || required.count == schema["required"]?.array?.count else {
            report(pointer, "required is not a list of names", "Write [\"name\"]")
            return nil
        }
        // Others are allowed where the schema says so, or says nothing about any property.
        let others = schema["additionalProperties"] ?? (properties.isEmpty ? true : false)
        for name in required where !properties.contains(name) {
            guard others != false || schema["additionalProperties"] == nil else {
                report(
                    pointer, "\"\(name.prefix(60))\" is required, and not among the properties", "Add it to properties")
                continue
            }
            properties[name] = schema["additionalProperties"] ?? true
        }
        guard properties.count <= SchemaLimits.propertyCount else {
            report(pointer, "more than \(SchemaLimits.propertyCount) properties", "Use several objects")
            return nil
        }
        if properties.isEmpty, others == true { return builder.library.object }
        let isRequired = Set(required.map { Array($0.utf8) })
        return objectRule(properties, isRequired: { isRequired.contains(Array($0.utf8)) }, others: others, pointer)
    }

    private mutating func objectRule(
        _ properties: JSONObject, isRequired: (String) -> Bool, others: JSON, _ pointer: String
    ) -> Int32 {
        let rule = builder.addRule()
        let space = builder.library.space
        let end = builder.addNode(rule)
        builder.markFinal(end)
        let count = properties.count
        let hasOthers = others != false

        // names[i] is where the name of property i, or of a later one if i is optional, may begin; names[count], of another.
        let names = (0...count).map { _ in builder.addNode(rule) }
        // after[i] is behind a value, with property i the next.
        let after = (0...count).map { _ in builder.addNode(rule) }
        // From the last required property on, the object may be closed.
        let lastRequired = properties.keys.lastIndex(where: isRequired).map { $0 + 1 } ?? 0

        let open = builder.addCall(builder.addText(builder.start(rule), Array("{".utf8)), space)
        builder.addStep(open, names[0])
        if lastRequired == 0 { builder.addEdge(open, "}", end) }
        for index in 0...count {
            if index >= lastRequired { builder.addEdge(builder.addCall(after[index], space), "}", end) }
            if index < count || hasOthers {
                let comma = builder.addText(after[index], Array(",".utf8))
                builder.addCall(comma, space, names[index])
            }
        }
        for (index, (name, schema)) in properties.enumerated() {
            if !isRequired(name) { builder.addStep(names[index], names[index + 1]) }
            let colon = builder.addText(names[index], Array((JSON.string(name).serialized() + ":").utf8))
            let callee = self.rule(for: schema, "\(pointer)/properties/\(name.asPointerPart)")
            builder.addCall(builder.addCall(colon, space), callee, after[index + 1])
        }
        if hasOthers {
            let colon = builder.addNode(rule)
            builder.addCall(names[count], otherName(than: properties.keys), colon)
            let value = builder.addCall(builder.addText(colon, Array(":".utf8)), space)
            builder.addCall(value, self.rule(for: others, "\(pointer)/additionalProperties"), after[count])
        }
        return rule
    }

    /// A name in quotes that is none of `names`, spelled without escapes, so that it cannot be one of them in disguise.
    private mutating func otherName(than names: [String]) -> Int32 {
        let rule = builder.addRule()
        let quote = builder.addText(builder.start(rule), Array("\"".utf8))
        let end = builder.addNode(rule)
        builder.markFinal(end)
        // What JSON allows in strings as it is.
        let plain = ScalarRanges.complement([0...0x1F, 0x22...0x22, 0x5C...0x5C])
        let body = builder.addNode(rule)
        builder.addScalars(body, plain, body)
        builder.addEdge(body, "\"", end)

        // A tree of the names by characters; what leaves it is free.
        struct Branch {
            var children: [(scalar: UInt32, branch: Int)] = []
            var isName = false
        }
        var tree = [Branch()]
        for name in names {
            var at = 0
            for scalar in name.unicodeScalars {
                if let known = tree[at].children.first(where: { $0.scalar == scalar.value }) {
                    at = known.branch
                } else {
                    tree.append(Branch())
                    tree[at].children.append((scalar.value, tree.count - 1))
                    at = tree.count - 1
                }
            }
            tree[at].isName = true
        }
        let nodes = tree.indices.map { $0 == 0 ? quote : builder.addNode(rule) }
        for (index, branch) in tree.enumerated() where !builder.isTooLarge {
            if !branch.isName { builder.addEdge(nodes[index], "\"", end) }
            let taken = branch.children.map { $0.scalar...$0.scalar }
            builder.addScalars(nodes[index], ScalarRanges.subtracting(taken, from: plain), body)
            for child in branch.children {
                builder.addScalars(
                    nodes[index],
                    ScalarRanges.subtracting(ScalarRanges.complement(plain), from: [child.scalar...child.scalar]),
                    nodes[child.branch])
            }
        }
        return rule
    }
}

extension String {
    /// The name as a part of a JSON pointer (RFC 6901).
    var asPointerPart: String { replacing("~", with: "~0").replacing("/", with: "~1") }
}
