/// What becomes of text before it is cut into pieces: the steps of a file's `normalizer`.
struct TextNormalizer: Sendable, Equatable {
    /// One step; names in brackets are the reference's.
    enum Step: Sendable, Equatable {
        /// Canonical composition (`NFC`).
        case composition
        /// Canonical decomposition (`NFD`).
        case decomposition
        /// Controls go, white space becomes a space (`BertNormalizer`, `clean_text`).
        case cleaning
        /// A space on either side of every ideograph (`BertNormalizer`, `handle_chinese_chars`).
        case spacedIdeographs
        /// Characters of these classes go (`StripAccents`, and `BertNormalizer`, `strip_accents`).
        case removal(LetterClass)
        /// Every character's lower case, whatever its neighbours (`Lowercase`).
        case lowercase
        /// Every occurrence of a text becomes another (`Replace`).
        case replacement(of: [UInt8], with: [UInt8])
        /// Two spaces or more become one text (`Replace` with the pattern ` {2,}`).
        case spaceRuns([UInt8])
        /// A text in front (`Prepend`).
        case prefix([UInt8])
        /// White space at the ends goes (`Strip`).
        case strip(left: Bool, right: Bool)
        /// Characters become what a table says (`Precompiled`).
        case table(CharacterMap)
    }

    /// The steps in order.
    var steps: [Step] = []

    /// Whether text is at most composed, which byte-level encoding does by itself, and faster.
    var isPlain: Bool { steps.isEmpty || steps == [.composition] }
    /// Whether text is composed and no more.
    var composesOnly: Bool { steps == [.composition] }

    /// The steps of BERT's normalizer; accents are stripped from lower case unless it is said otherwise.
    static func bert(cleans: Bool, spacesIdeographs: Bool, stripsAccents: Bool?, lowercases: Bool) -> [Step] {
        var steps: [Step] = []
        if cleans { steps.append(.cleaning) }
        if spacesIdeographs { steps.append(.spacedIdeographs) }
        if stripsAccents ?? lowercases { steps += [.decomposition, .removal(.nonspacing)] }
        if lowercases { steps.append(.lowercase) }
        return steps
    }

    /// Takes a text through all steps.
    func apply(to text: inout NormalizedText) {
        for step in steps { step.apply(to: &text) }
    }

    /// What a text becomes, as UTF-8.
    func normalized(_ text: String) -> [UInt8] {
        var text = text
        var normalized = text.withUTF8 { NormalizedText($0, 0..<$0.count) }
        apply(to: &normalized)
        return normalized.bytes
    }
}

extension TextNormalizer.Step {
    fileprivate func apply(to text: inout NormalizedText) {
        switch self {
        case .composition: text.transform(Normalization.changes(text.bytes, composes: true))
        case .decomposition: text.transform(Normalization.changes(text.bytes, composes: false))
        case .cleaning: clean(&text)
        case .spacedIdeographs:
            text.transform { scalar, changes in
                guard isIdeograph(scalar) else { return changes.append(.init(scalar: scalar)) }
                changes += [.init(scalar: 0x20), .init(scalar: scalar, count: 1), .init(scalar: 0x20, count: 1)]
            }
        case .removal(let classes):
            let letters = UnicodeClasses.letterView
            text.filter { letters[$0].isDisjoint(with: classes) }
        case .lowercase:
            text.transform { scalar, changes in
                changes.append(.init(scalar: LowercaseTable.lowercase(scalar)))
                if scalar == 0x130 { changes.append(.init(scalar: 0x307, count: 1)) }
            }
        case .replacement(let pattern, let content): text.replace(text.occurrences(of: pattern), with: content)
        case .spaceRuns(let content): text.replace(text.spaceRuns(), with: content)
        case .prefix(let content): text.prepend(content)
        case .strip(let left, let right): strip(&text, left: left, right: right)
        case .table(let map): text.apply(map)
        }
    }

    private func clean(_ text: inout NormalizedText) {
        let letters = UnicodeClasses.letterView
        let classes = UnicodeClasses.shared.view
        text.filter { !letters[$0].contains(.control) }
        text.transform { scalar, changes in
            changes.append(.init(scalar: classes[scalar].contains(.space) ? 0x20 : scalar))
        }
    }

    private func strip(_ text: inout NormalizedText, left: Bool, right: Bool) {
        let classes = UnicodeClasses.shared.view
        var (lower, upper, isLeading) = (0, 0, true)
        text.forEachScalar { scalar, range in
            guard !classes[scalar].contains(.space) else {
                if isLeading { lower = range.upperBound }
                return
            }
            isLeading = false
            upper = range.upperBound
        }
        // White space alone is all leading.
        let range = (left ? lower : 0)..<max(right ? upper : text.bytes.count, left ? lower : 0)
        if range.count < text.bytes.count { text = text[range] }
    }

    /// The blocks that BERT's authors call Chinese (Devlin et al. 2018, `tokenization.py`, `_is_chinese_char`).
    private func isIdeograph(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F,
            0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
            true
        default: false
        }
    }
}

extension NormalizedText {
    /// Where `pattern` stands, from the left and without overlap.
    func occurrences(of pattern: [UInt8]) -> [Range<Int>] {
        guard let first = pattern.first, pattern.count <= bytes.count else { return [] }
        var found: [Range<Int>] = []
        var index = 0
        while index <= bytes.count - pattern.count {
            if bytes[index] == first, bytes[index..<index + pattern.count].elementsEqual(pattern) {
                found.append(index..<index + pattern.count)
                index += pattern.count
            } else {
                index += 1
            }
        }
        return found
    }

    /// The runs of two spaces or more.
    fileprivate func spaceRuns() -> [Range<Int>] {
        var found: [Range<Int>] = []
        var start = 0
        for index in 0...bytes.count where index == bytes.count || bytes[index] != UInt8(ascii: " ") {
            if index - start > 1 { found.append(start..<index) }
            start = index + 1
        }
        return found
    }
}

/// The lower case of single characters, as the reference has it.
private enum LowercaseTable {
    private static let pairs: [UInt32: UInt32] = {
        let flat = UnicodeTables.lowercase
        return Dictionary(
            uniqueKeysWithValues: stride(from: 0, to: flat.count, by: 2).map { (flat[$0], flat[$0 + 1]) })
    }()

    static func lowercase(_ scalar: UInt32) -> UInt32 {
        if scalar < 0x80 { return (0x41...0x5A).contains(scalar) ? scalar + 0x20 : scalar }
        return pairs[scalar] ?? scalar
    }
}
