/// Makes visible what a reader cannot see: control characters, direction overrides, invisible separators and tags.
///
/// Left alone they could reorder or hide text on the page. Joiners (U+200C, U+200D) stay, since scripts and emoji need them.
public enum VisibleText {
    /// A text with everything hidden in it made visible, safe to print on a terminal.
    public static func shown(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isHidden) else { return text }
        return text.unicodeScalars.reduce(into: "") { $0 += isHidden($1) ? escape($1) : String($1) }
    }

    /// Whether a scalar is shown by its number instead of itself. The page's script has the same list.
    static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A: false
        case 0x00...0x1F, 0x7F...0x9F, 0xAD, 0x61C, 0x180E, 0x200B, 0x200E, 0x200F, 0x2028...0x202E, 0x2060...0x206F,
            0xFEFF, 0xFFF9...0xFFFB, 0xFFFE...0xFFFF, 0xE0000...0xE007F:
            true
        default: false
        }
    }

    /// How a hidden scalar is shown: `⟨U+202E⟩`.
    static func escape(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return "⟨U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "⟩"
    }
}
