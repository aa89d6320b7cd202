/// Text from a file as it may stand on a line of a terminal: control characters, which could steer it, as spaces, and
/// at most `limit` characters.
func printable(_ text: String, limit: Int) -> String {
    let scalars = text.unicodeScalars.prefix(limit * 4).map { scalar in
        [.control, .format, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
            ? " " : scalar
    }
    let line = String(String.UnicodeScalarView(scalars))
    return line.count > limit ? line.prefix(limit - 1) + "…" : line
}
