import GygesFiles
import GygesServer

/// Reads a route's answer piece by piece, and writes the pieces as jobs have them.
struct JobOutput {
    /// Why a job fails, in words.
    struct Failure: Error {
        var message: String
    }

    let form: JobRequest.Form
    private var rest: [UInt8] = []

    init(_ form: JobRequest.Form) { self.form = form }

    /// The only piece of an answer that came as a whole.
    ///
    /// - Throws: ``Failure`` if it is an error.
    func whole(_ bytes: [UInt8], status: Int) throws -> JSON {
        let json = try? JSON.parse(bytes, path: "the answer")
        guard (200..<300).contains(status), let json else {
            throw Failure(message: json.flatMap(Self.problem) ?? "The model's answer has status \(status).")
        }
        guard form == .tokens else { return json }
        let texts = (json["choices"]?.array ?? []).map { choice in
            choice["text"]?.string ?? choice["message"]?["content"]?.string ?? ""
        }
        return Self.piece(texts.map { [$0] }, usage: json["usage"])
    }

    /// The pieces that are complete with more bytes of a stream.
    ///
    /// - Throws: ``Failure`` if one is an error.
    mutating func pieces(_ bytes: [UInt8]) throws -> [JSON] {
        rest += bytes
        var pieces: [JSON] = []
        let end = Array("\n\n".utf8)
        while let range = rest.firstRange(of: end) {
            let event = Array(rest[..<range.upperBound])
            rest.removeSubrange(..<range.upperBound)
            let mark = Array("data: ".utf8)
            // Comments only say that somebody is there.
            guard event.starts(with: mark) else { continue }
            let json = try? JSON.parse(Array(event.dropFirst(mark.count).dropLast(2)), path: "the stream")
            if let problem = json.flatMap(Self.problem) { throw Failure(message: problem) }
            switch form {
            case .route: pieces.append(.string(String(decoding: event, as: UTF8.self)))
            case .tokens: if let piece = json.flatMap(Self.tokens) { pieces.append(piece) }
            }
        }
        return pieces
    }

    /// What an event adds to texts, by choice; `nil` if it adds nothing.
    private static func tokens(_ event: JSON) -> JSON? {
        let choices = event["choices"]?.array ?? []
        var texts: [[String]] = []
        for choice in choices {
            let index = choice["index"]?.integer ?? 0
            guard let text = choice["text"]?.string ?? choice["delta"]?["content"]?.string, !text.isEmpty,
                (0..<1024).contains(index)
            else { continue }
            while texts.count <= index { texts.append([]) }
            texts[index].append(text)
        }
        let usage = choices.isEmpty ? event["usage"] : nil
        guard !texts.isEmpty || usage?.object != nil else { return nil }
        return piece(texts, usage: usage)
    }

    private static func piece(_ texts: [[String]], usage: JSON?) -> JSON {
        var piece = JSONObject([
            ("choices", .array(texts.map { ["tokens": .array($0.map { .string($0) })] }))
        ])
        if let usage, usage.object != nil {
            piece["usage"] = [
                "input": usage["prompt_tokens"] ?? 0, "output": usage["completion_tokens"] ?? 0,
            ]
        }
        return .object(piece)
    }

    private static func problem(_ json: JSON) -> String? {
        guard let error = json["error"], !error.isNull else { return nil }
        return error["message"]?.string ?? error.string ?? error.serialized()
    }
}
