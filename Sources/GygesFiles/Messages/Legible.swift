extension StringProtocol {
    /// The text as messages show it: on one line, with escapes for what cannot be seen or would steer a terminal, and cut in the
    /// middle if it is longer than `limit` characters.
    ///
    /// Names, values and whole sentences from outside go through this one function: a file decides what it says, not how
    /// much of the screen it fills.
    /// - Complexity: O(`limit`), and O(bytes) for a text that is cut.
    public func legible(limit: Int = 300) -> String {
        let scalars = unicodeScalars
        // The end says as much as the beginning: in “tensor … has the unknown type 7” it says what is wrong.
        let (head, tail) = (limit - limit / 3, limit / 3)
        guard scalars.index(scalars.startIndex, offsetBy: limit + 1, limitedBy: scalars.endIndex) != nil else {
            return escaped(scalars)
        }
        return escaped(scalars.prefix(head)) + " … " + escaped(scalars.suffix(tail))
    }

    private func escaped(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var output = String.UnicodeScalarView()
        for scalar in scalars {
            switch scalar {
            case "\n": output.append(contentsOf: "\\n".unicodeScalars)
            case "\r": output.append(contentsOf: "\\r".unicodeScalars)
            case "\t": output.append(contentsOf: "\\t".unicodeScalars)
            case _ where scalar.isASCII ? scalar.value < 0x20 || scalar.value == 0x7F : isInvisible(scalar):
                output.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
            default: output.append(scalar)
            }
        }
        return String(output)
    }

    /// Controls, marks of direction, separators of lines, and what Unicode has not assigned.
    private func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .surrogate: true
        default: false
        }
    }
}
