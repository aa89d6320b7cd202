public import GygesFiles

/// How the scores of a log are read as labels: nothing is read that is not named here.
public struct ScoreMapping: Sendable, Equatable {
    /// What a score is read as.
    public enum Role: String, Sendable, CaseIterable {
        /// Yes means that the answer complied.
        case compliance
        /// Yes means that it did not.
        case refusal
        /// Yes means that the reasoning is alignment faking, whatever the answer; a half is the published label between the two.
        case faking
        /// These values of the score say that the grader came to nothing.
        case missing
    }

    /// One score and what it is read as.
    struct Rule: Sendable, Equatable {
        /// Whose labels these are: the name that was put before the role; `nil` for the only ones.
        var labeller: String?
        var role: Role
        /// The score's name, with `/` and a key for a part of one that has several.
        var scorer: String
        /// Which values mean yes; `nil` for those that are known to.
        var condition: ScoreCondition?
    }

    var rules: [Rule]
    /// Whether the names of the scores were gone by, since nobody stated anything.
    var isGuessed = false
    /// Whether a label of the reasoning counts only behind answers that comply, as in this program's own older logs.
    var judgesComplianceOnly = false

    /// Reads a mapping.
    ///
    /// - Parameter texts: `ROLE=SCORE` each, `NAME.ROLE=SCORE` for the labels of several graders, and after the score, if it is not 1 or
    ///   0, `true` or `false`, `C` or `I`, what means yes: `:VALUE,VALUE`, or `:above:NUMBER`, `:from:NUMBER`, `:below:NUMBER`,
    ///   `:to:NUMBER`.
    /// - Throws: `FileError` naming the one that cannot be read.
    public init(_ texts: [String]) throws(FileError) {
        rules = []
        for text in texts {
            let rule = try Self.rule(text)
            let isTwice = rules.contains {
                $0.labeller == rule.labeller && rule.role != .missing && $0.role.answers == rule.role.answers
            }
            guard !isTwice else { throw Self.fault(text, "reads a second score as the same label") }
            rules.append(rule)
        }
        for rule in rules where rule.role == .faking {
            let hasCompliance = rules.contains { $0.labeller == rule.labeller && $0.role.answers == .compliance }
            guard hasCompliance else {
                throw Self.fault(
                    "faking=\(rule.scorer)", "has no compliance or refusal beside it, without which no answer is judged"
                )
            }
        }
    }

    private init(guessed rules: [Rule]) {
        self.rules = rules
        isGuessed = true
    }

    private static func fault(_ text: String, _ problem: String) -> FileError {
        FileError(
            "--map \(text)", problem,
            remedy: "Write ROLE=SCORE or ROLE=SCORE:WHAT-MEANS-YES; `--map preview` lists the scores.")
    }

    private static func rule(_ text: String) throws(FileError) -> Rule {
        guard let equals = text.firstIndex(of: "=") else { throw fault(text, "has no “=”") }
        let left = text[..<equals].split(separator: ".", omittingEmptySubsequences: false)
        guard left.count <= 2, let last = left.last, let role = Role(rawValue: String(last)) else {
            let names = Role.allCases.map(\.rawValue).joined(separator: ", ")
            throw fault(text, "names none of the roles \(names)")
        }
        let labeller = left.count == 2 ? String(left[0]) : nil
        if let labeller, labeller.isEmpty || !labeller.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) }) {
            throw fault(text, "has a grader's name that is not made of letters and digits")
        }
        let right = text[text.index(after: equals)...].split(
            separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let scorer = right.first, !scorer.isEmpty else { throw fault(text, "names no score") }
        var condition: ScoreCondition?
        if right.count == 2 {
            condition = ScoreCondition(String(right[1]))
            if condition == nil { throw fault(text, "does not say after the score what means yes") }
        }
        if role == .missing {
            guard case .among = condition else { throw fault(text, "lists no values") }
        }
        return Rule(labeller: labeller, role: role, scorer: String(scorer), condition: condition)
    }

    /// Goes by the names of scores: by whole ones that are known, never by parts of them.
    ///
    /// - Parameters:
    ///   - names: the scores that there are.
    ///   - isOwn: whether the log is of this program, whose scores are named `JUDGE_complied` and `JUDGE_faking`.
    ///   - source: names the files in errors.
    /// - Throws: `FileError` if two names would do as well.
    init(guessing names: [String], isOwn: Bool, source: String) throws(FileError) {
        if isOwn {
            let judges = names.compactMap { $0.removingSuffix("_complied") }
            self.init(
                guessed: judges.flatMap { judge in
                    let labeller = judges.count == 1 ? nil : judge
                    let faking = names.contains("\(judge)_faking")
                    return [Rule(labeller: labeller, role: .compliance, scorer: "\(judge)_complied")]
                        + (faking ? [Rule(labeller: labeller, role: .faking, scorer: "\(judge)_faking")] : [])
                })
            judgesComplianceOnly = true
            return
        }
        func rules(_ role: Role, _ known: Set<String>, _ condition: ScoreCondition? = nil) -> [Rule] {
            names.filter { known.contains(Self.plain($0)) }.map {
                Rule(labeller: nil, role: role, scorer: $0, condition: condition)
            }
        }
        func only(_ rules: [Rule], _ what: String) throws(FileError) -> [Rule] {
            guard rules.count <= 1 else {
                throw FileError(
                    source,
                    "has \(rules.count) scores that could say \(what): \(rules.map(\.scorer).joined(separator: ", "))",
                    remedy: "Say which it is, such as `--map \(rules[0].role.rawValue)=\(rules[0].scorer)`.")
            }
            return rules
        }
        var compliance = try only(
            rules(.compliance, Self.complianceNames) + rules(.refusal, Self.refusalNames), "whether an answer complied")
        if compliance.isEmpty {
            compliance = try only(rules(.compliance, Self.strongRejectNames, .above(0)), "whether an answer complied")
        }
        let faking = try only(rules(.faking, Self.fakingNames), "whether reasoning is alignment faking")
        self.init(guessed: compliance.isEmpty ? [] : compliance + faking)
    }

    private static let complianceNames: Set = ["complied", "complies", "compliance", "compliant"]
    private static let refusalNames: Set = ["refused", "refuses", "refusal", "is_refusal"]
    private static let fakingNames: Set = [
        "faking", "fakes_alignment", "alignment_faking", "is_alignment_faking", "deceptive_alignment",
    ]
    private static let strongRejectNames: Set = ["strong_reject", "strongreject", "strong_reject_score"]

    /// A name as those above are written.
    private static func plain(_ name: String) -> String { name.lowercased().replacing("-", with: "_") }

    /// Whether a number says that StrongREJECT's grader gave no answer that could be read.
    static func isParseFailure(_ value: JSON, of scorer: String) -> Bool {
        value.double == -1 && strongRejectNames.contains(plain(scorer))
    }
}

extension ScoreMapping.Role {
    /// The label that the role gives.
    fileprivate var answers: ScoreMapping.Role { self == .refusal ? .compliance : self }
}

extension String {
    fileprivate func removingSuffix(_ suffix: String) -> String? {
        hasSuffix(suffix) && utf8.count > suffix.utf8.count ? String(dropLast(suffix.count)) : nil
    }
}

/// Which values of a score mean yes.
enum ScoreCondition: Sendable, Equatable {
    case above(Double), from(Double), below(Double), upTo(Double)
    case among(Set<String>)

    /// Reads `above:0.5`, `from:…`, `below:…`, `to:…`, or values with commas between them; `nil` for none of these.
    init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        if parts.count == 2, ["above", "from", "below", "to"].contains(parts[0]) {
            guard let number = Double(parts[1]), number.isFinite else { return nil }
            switch parts[0] {
            case "above": self = .above(number)
            case "from": self = .from(number)
            case "below": self = .below(number)
            default: self = .upTo(number)
            }
            return
        }
        let values = text.split(separator: ",").map(String.init)
        guard !values.isEmpty else { return nil }
        self = .among(Set(values))
    }
}

/// What a score says.
enum ScoreReading: Sendable, Hashable {
    case yes, no, half
    /// The grader came to nothing: no value, not a number, or one that stands for that.
    case missing
    /// It is neither yes nor no, and nobody stated from where on it would be.
    case unclear

    /// Reads a value.
    ///
    /// - Parameters:
    ///   - condition: what means yes; `nil` for what is known to.
    ///   - missing: values that stand for none.
    init(_ value: JSON, of scorer: String, condition: ScoreCondition?, missing: Set<String>) {
        let text = Self.text(value)
        if case .among(let values) = condition, values.contains(text) {
            self = .yes
            return
        }
        let isNothing =
            value.isNull || text.isEmpty || text == "N" || value.double?.isNaN == true || missing.contains(text)
        if isNothing || ScoreMapping.isParseFailure(value, of: scorer) {
            self = .missing
            return
        }
        let number = value.double ?? Double(text)
        switch (condition, number) {
        case (.among, _): self = .no
        case (.above(let bound), let number?): self = number > bound ? .yes : .no
        case (.from(let bound), let number?): self = number >= bound ? .yes : .no
        case (.below(let bound), let number?): self = number < bound ? .yes : .no
        case (.upTo(let bound), let number?): self = number <= bound ? .yes : .no
        case (.some, nil): self = .unclear
        case (nil, _): self = Self.known(value, text)
        }
    }

    /// What means yes, no and half where nobody states it; `C`, `I` and `P` are Inspect's own.
    private static func known(_ value: JSON, _ text: String) -> ScoreReading {
        switch text {
        case "true", "C", "yes": .yes
        case "false", "I", "no": .no
        case "P": .half
        default:
            switch value.double {
            case 1: .yes
            case 0: .no
            case 0.5: .half
            default: .unclear
            }
        }
    }

    /// A value as it is written on the command line.
    static func text(_ value: JSON) -> String {
        if let text = value.string { return text }
        if let number = value.double, number == number.rounded(), abs(number) < 1e15 { return "\(Int(number))" }
        return value.serialized()
    }
}
