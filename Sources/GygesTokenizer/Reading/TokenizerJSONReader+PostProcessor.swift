import GygesFiles

/// What comes around texts: the part `post_processor` of a `tokenizer.json`.
extension TokenizerJSONReader {
    private var place: String { "post_processor" }

    /// Reads one of the post-processors, which come in order.
    func readPostProcessor(_ json: JSON, into frame: inout TokenFrame) throws(FileError) {
        switch json["type"]?.string {
        case "ByteLevel":
            try readTrimming(json, into: &frame)
        case "TemplateProcessing":
            let tokens = json["special_tokens"] ?? .null
            frame.single = try template(json["single"], "single", tokens, texts: [.first], &frame.singleSegments)
            if let pair = json["pair"], !pair.isNull {
                frame.pair = try template(pair, "pair", tokens, texts: [.first, .second], &frame.pairSegments)
            }
        case "BertProcessing":
            let (begin, end) = (try end(json, "cls"), try end(json, "sep"))
            frame.single = [begin, .first, end]
            frame.pair = [begin, .first, end, .second, end]
            frame.pairSegments = [0, 0, 0, 1, 1]
        case "RobertaProcessing":
            let (begin, end) = (try end(json, "cls"), try end(json, "sep"))
            frame.single = [begin, .first, end]
            frame.pair = [begin, .first, end, end, .second, end]
            frame.pairSegments = [0, 0, 0, 0, 0, 0]
            try readTrimming(json, into: &frame)
        default:
            throw unsupported(
                place, "the post-processor \(type(of: json))",
                supported: "ByteLevel, TemplateProcessing, BertProcessing and RobertaProcessing")
        }
    }

    private func readTrimming(_ json: JSON, into frame: inout TokenFrame) throws(FileError) {
        guard json["trim_offsets"]?.bool ?? true else { return }
        // A second one would trim what is trimmed already, by other rules.
        guard frame.trimming == nil else {
            throw unsupported(place, "trimming offsets twice", supported: "one post-processor with trim_offsets")
        }
        frame.trimming = OffsetTrimming(addsPrefixSpace: json["add_prefix_space"]?.bool ?? true)
    }

    /// The parts of a template, in which each of `texts` must stand once, and their segments.
    private func template(
        _ json: JSON?, _ key: String, _ tokens: JSON, texts: [TokenFrame.Part], _ segments: inout [UInt8]
    ) throws(FileError) -> [TokenFrame.Part] {
        guard let pieces = json?.array else { throw wrong(place, "\(key) is not an array") }
        guard pieces.count <= 64 else { throw unsupported(place, "\(pieces.count) parts in \(key)", supported: "64") }
        var parts: [TokenFrame.Part] = []
        segments = []
        for piece in pieces {
            let segment = (piece["SpecialToken"] ?? piece["Sequence"])?["type_id"]?.integer ?? 0
            guard segment == 0 || segment == 1 else {
                throw unsupported(place, "the type_id \(segment) in \(key)", supported: "0 and 1")
            }
            defer { while segments.count < parts.count { segments.append(UInt8(segment)) } }
            if let name = piece["SpecialToken"]?["id"]?.string {
                guard let ids = tokens[name]?["ids"]?.array else {
                    throw wrong(place, "special_tokens has no ids for \(brief(.string(name)))")
                }
                for id in ids { parts.append(.token(try token(id, "in the ids of \(brief(.string(name)))"))) }
            } else if let part: TokenFrame.Part = ["A": .first, "B": .second][piece["Sequence"]?["id"]?.string ?? ""],
                texts.contains(part), !parts.contains(part)
            {
                parts.append(part)
            } else {
                throw unsupported(
                    place, "\(brief(piece)) in \(key)",
                    supported: "special tokens and the \(texts.count == 1 ? "sequence A" : "sequences A and B"), once")
            }
        }
        guard texts.allSatisfy(parts.contains) else {
            throw wrong(place, "\(key) has no place for \(texts.count == 1 ? "the text" : "both texts")")
        }
        return parts
    }

    /// The token that a post-processor puts at an end, written as its text and its number.
    private func end(_ json: JSON, _ key: String) throws(FileError) -> TokenFrame.Part {
        guard let pair = json[key]?.array, pair.count == 2 else {
            throw wrong(place, "\(key) is not a token and its number")
        }
        return .token(try token(pair[1], "in \(key)"))
    }

    private func token(_ json: JSON, _ location: String) throws(FileError) -> Int32 {
        guard let integer = json.integer, let id = Int32(exactly: integer) else {
            throw wrong(place, "\(brief(json)) \(location) is not an integer of 32 bits")
        }
        return id
    }

    /// Adds the beginning and the end that `tokenizer_config.json` wants around texts (`add_bos_token`, `add_eos_token`), and takes off
    /// what it does not want. What it leaves open stays as the file has it: transformers 5 drops that too, with which embedding
    /// models lose the end that they were trained with; version 4 heeds Llama's alone.
    func readAdditions(_ configuration: JSON, into frame: inout TokenFrame) {
        let old = frame.single
        if let adds = configuration["add_bos_token"]?.bool, let token = frame.beginningOfText {
            if frame.single.first == .token(token) { frame.single.removeFirst() }
            if adds { frame.single.insert(.token(token), at: 0) }
        }
        if let adds = configuration["add_eos_token"]?.bool, let token = frame.endOfText {
            if frame.single.last == .token(token) { frame.single.removeLast() }
            if adds { frame.single.append(.token(token)) }
        }
        guard frame.single != old else { return }
        frame.pair = frame.single + frame.single.map { $0 == .first ? .second : $0 }
        (frame.singleSegments, frame.pairSegments) = ([], [])
    }
}
