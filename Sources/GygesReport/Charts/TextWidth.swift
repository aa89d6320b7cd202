/// How much room a text takes, without a font at hand: enough to break it into lines before a reader's own font draws it.
enum TextWidth {
    /// Advance widths of U+0020 to U+007E in DejaVu Sans, in hundredths of the font's size. Of the faces that stand for sans-serif on
    /// common systems it is the widest, so that what fits by these fits by all.
    private static let hundredths = [
        32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34,
        84, 84,
        84, 53, 100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79, 60, 79, 69, 63, 61, 73, 68, 99, 69, 61,
        69, 39,
        34, 39, 84, 50, 50, 61, 63, 55, 63, 62, 35, 63, 63, 28, 28, 58, 28, 97, 63, 61, 63, 63, 41, 52, 39, 63, 59, 82,
        59, 59,
        52, 64, 34, 64, 84,
    ]
    /// A semibold or bold face against the upright one.
    private static let boldFactor = 1.14

    /// The width of a text in one line, in the unit of `size`.
    static func of(_ text: String, size: Double = 13, isBold: Bool = false) -> Double {
        let sum = VisibleText.shown(text).unicodeScalars.reduce(into: 0) { $0 += width($1) }
        return Double(sum) / 100 * size * (isBold ? boldFactor : 1)
    }

    private static func width(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.value {
        case 0x20...0x7E: hundredths[Int(scalar.value) - 0x20]
        case 0xA0: 32
        case 0x2013, 0xB7: 50
        // Hangul, Han, kana, full-width forms, emoji.
        case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7FF, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFFE6,
            0x1F000...:
            100
        default: 84
        }
    }

    /// The most lines that a text is broken into; a name is shorter, and a picture made of one text is none.
    private static let lineLimit = 12

    /// A text in lines that are no wider than `width`: broken after spaces, hyphens and slashes, within a word only where it fits no
    /// line. Nothing of it is left out up to twelve lines.
    static func lines(_ text: String, width: Double, size: Double = 13, isBold: Bool = false) -> [String] {
        var lines = [""]
        var used = 0.0
        func add(_ piece: String, _ room: Double) {
            lines[lines.count - 1] += piece
            used += room
        }
        func begin() {
            lines.append("")
            used = 0
        }
        for piece in pieces(text) {
            let room = of(piece, size: size, isBold: isBold)
            let visible = piece.last == " " ? of(String(piece.dropLast()), size: size, isBold: isBold) : room
            if used > 0, used + visible > width { begin() }
            guard visible > width else {
                add(piece, room)
                continue
            }
            for character in piece {
                let room = of(String(character), size: size, isBold: isBold)
                if used > 0, used + room > width { begin() }
                add(String(character), room)
            }
            if lines.count > lineLimit { break }
        }
        if lines.count > lineLimit {
            lines = Array(lines.prefix(lineLimit))
            lines[lineLimit - 1] = lines[lineLimit - 1].dropLast(2) + "…"
        }
        return lines.map { $0.last == " " ? String($0.dropLast()) : $0 }
    }

    /// The parts between which a line may end.
    private static func pieces(_ text: String) -> [String] {
        var pieces: [String] = []
        var piece = ""
        for character in text {
            piece.append(character == "\n" || character == "\t" ? " " : character)
            if " -/_,".contains(character) || character.isNewline {
                pieces.append(piece)
                piece = ""
            }
        }
        return piece.isEmpty ? pieces : pieces + [piece]
    }
}
