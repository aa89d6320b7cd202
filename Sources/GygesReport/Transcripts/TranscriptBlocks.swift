import FoundationEssentials
import GygesFiles

/// Packs exchanges into the data blocks that the page's browser of transcripts reads (Page/transcripts.js).
///
/// A block holds ``size`` exchanges as JSON, deflated and in base64, in a script element of a type that no browser executes: about a
/// sixth of the text's size, and unpacked only when shown or searched. The index has a few numbers for each exchange, enough to
/// filter by without unpacking. Memory is bounded by one block and the index.
struct TranscriptBlocks {
    /// Exchanges a block.
    static let size = 100

    private let document: StudyDocument
    private let conditions: [String: Int]
    private let judges: [String: Int]
    private var prompts: [String: Int] = [:]
    private var promptNames: [JSON] = []
    private var rows: [JSON] = []
    private var pending: [JSON] = []

    init(_ document: StudyDocument) {
        self.document = document
        func places(_ names: [String]) -> [String: Int] {
            Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        }
        conditions = places(document.sections.map(\.id))
        judges = places(document.judges.map(\.id))
    }

    /// How many exchanges there are.
    var count: Int { rows.count }

    /// Takes an exchange; returns a block when one is full. Exchanges of conditions that the document does not have are left out.
    mutating func append(_ exchange: Exchange) -> Markup? {
        guard let condition = conditions[exchange.condition] else { return nil }
        let tiers = document.sections[condition].tiers
        let prompt = prompts[exchange.prompt] ?? promptNames.count
        if prompt == promptNames.count {
            prompts[exchange.prompt] = prompt
            promptNames.append(.string(exchange.prompt))
        }
        var codes = tiers.map { _ in -1 }
        var answers: [JSON] = []
        for answer in exchange.answers {
            guard let tier = tiers.firstIndex(where: { $0.id == answer.tier }) else { continue }
            codes[tier] = code(answer)
            answers.append(describe(answer, tier: tier))
        }
        rows.append(
            .array([.integer(condition), .integer(prompt), .integer(exchange.sample)] + codes.map { .integer($0) }))
        var members: [(String, JSON)] = [
            ("prompt", .string(exchange.prompt)), ("text", .string(exchange.text)),
            ("sample", .integer(exchange.sample)), ("answers", .array(answers)),
        ]
        if let question = exchange.question { members.append(("question", .string(question))) }
        pending.append(.object(JSONObject(members)))
        return pending.count == Self.size ? flush() : nil
    }

    /// The last block, if it has anything, and the index.
    mutating func finish() -> Markup {
        let last = pending.isEmpty ? "" : flush()
        let index: JSON = [
            "conditions": .array(
                document.sections.map { section in
                    [
                        "id": .string(section.id), "title": .string(section.title),
                        "tiers": .array(
                            section.tiers.map {
                                ["id": .string($0.id), "label": .string($0.label), "trained": .bool($0.isTrained)]
                            }),
                    ]
                }),
            "judges": .array(document.judges.map { ["id": .string($0.id), "label": .string($0.label)] }),
            "prompts": .array(promptNames),
            "states": .array(
                Exchange.State.allCases.map { ["id": .string($0.rawValue), "label": .string($0.label)] }),
            "blockSize": .integer(Self.size), "rows": .array(rows),
        ]
        return "\(last)\(Self.element("transcript-index", index))"
    }

    private mutating func flush() -> Markup {
        defer { pending.removeAll(keepingCapacity: true) }
        return Self.element("transcripts-\((rows.count - 1) / Self.size)", .array(pending))
    }

    private static func element(_ id: String, _ value: JSON) -> Markup {
        let packed = Data(Deflate.compressed(Array(value.serialized().utf8))).base64EncodedString()
        return "<script type=\"text/plain\" id=\"\(id)\">\(Markup.trusted(packed))</script>\n"
    }

    /// What the filters ask for, in bits: the state in four, then judged, complied, faking (by the primary judge), judges disagree.
    private func code(_ answer: Exchange.Answer) -> Int {
        var code = Exchange.State.allCases.firstIndex(of: answer.state) ?? 0
        if let primary = document.primaryJudge.flatMap({ answer.judgement(by: $0.id) }) {
            code |= 16 | (primary.complied ? 32 : 0) | (primary.complied && primary.fakesAlignment == true ? 64 : 0)
        }
        let isSplit =
            Set(answer.judgements.map(\.complied)).count > 1
            || Set(answer.judgements.compactMap(\.fakesAlignment)).count > 1
        return code | (isSplit ? 128 : 0)
    }

    private func describe(_ answer: Exchange.Answer, tier: Int) -> JSON {
        var members: [(String, JSON)] = [
            ("tier", .integer(tier)), ("state", .integer(Exchange.State.allCases.firstIndex(of: answer.state) ?? 0)),
        ]
        if let text = answer.earlier { members.append(("earlier", .string(text))) }
        if let text = answer.scratchpad { members.append(("scratchpad", .string(text))) }
        if let text = answer.output { members.append(("output", .string(text))) }
        // Where the parts are all there, the whole says nothing more.
        if answer.state != .valid, !answer.raw.isEmpty { members.append(("raw", .string(answer.raw))) }
        if let read = answer.promptTokenCount, let written = answer.generatedTokenCount {
            members.append(("tokens", [.integer(read), .integer(written)]))
        }
        let passages = Passages(answer)
        members.append(
            ("judgements", .array(answer.judgements.compactMap { describe($0, passages) })))
        return .object(JSONObject(members))
    }

    private func describe(_ judgement: Exchange.Judgement, _ passages: Passages) -> JSON? {
        guard let judge = judges[judgement.judge] else { return nil }
        return [
            "judge": .integer(judge), "complied": .bool(judgement.complied),
            "faking": .bool(judgement.fakesAlignment == true),
            "remarks": .array(judgement.remarks.map { [.string($0.name), .string($0.text)] }),
            "criteria": .array(
                judgement.criteria.map { criterion in
                    [
                        "name": .string(criterion.name), "met": .bool(criterion.isMet),
                        "probability": criterion.probability.map { .double($0) } ?? .null,
                        "evidence": .array(criterion.evidence.compactMap(passages.describe)),
                    ]
                }),
        ]
    }
}

/// Where an answer's passages stand, in the units that JavaScript counts texts in.
private struct Passages {
    /// For each byte of a text, and its end, how many UTF-16 units stand before it; `nil` inside of a character's bytes. Counted once a
    /// text: every sentence of an answer may be a passage.
    private let units: [Exchange.Evidence.Place: [Int?]]

    init(_ answer: Exchange.Answer) {
        let named = Set(answer.judgements.lazy.flatMap(\.criteria).flatMap(\.evidence).map(\.place))
        units = Dictionary(
            uniqueKeysWithValues: named.map { ($0, Self.units($0 == .scratchpad ? answer.scratchpad : answer.output)) })
    }

    private static func units(_ text: String?) -> [Int?] {
        guard let text else { return [] }
        var units: [Int?] = []
        units.reserveCapacity(text.utf8.count + 1)
        var count = 0
        for scalar in text.unicodeScalars {
            units.append(count)
            units.append(contentsOf: repeatElement(nil, count: scalar.utf8.count - 1))
            count += scalar.utf16.count
        }
        units.append(count)
        return units
    }

    /// A passage as the page's script reads it; `nil` for one that lies outside its text, or cuts a character.
    func describe(_ passage: Exchange.Evidence) -> JSON? {
        guard let units = units[passage.place], passage.start < passage.end, units.indices.contains(passage.start),
            units.indices.contains(passage.end), let start = units[passage.start], let end = units[passage.end]
        else { return nil }
        return ["place": .string(passage.place.rawValue), "start": .integer(start), "end": .integer(end)]
    }
}
