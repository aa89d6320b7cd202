import Foundation
public import GygesFiles

/// A file of samples in RULER's form, a JSON object a line, that grows as answers arrive, so that what was answered is there even
/// if the rest fails.
public struct RulerExport {
    private let path: String
    private let handle: FileHandle

    /// Begins a file, in the place of one that is there.
    ///
    /// - Throws: ``FileError`` if it cannot be written.
    public init(path: String) throws(FileError) {
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let handle = FileHandle(forWritingAtPath: path)
        else { throw FileError(path, "cannot be written", remedy: "Choose another place.") }
        self.path = path
        self.handle = handle
    }

    /// Appends a line with RULER's names: `index`, `input`, `outputs`, `length`, `answer_prefix`, and `pred` of an answer.
    ///
    /// - Parameters:
    ///   - index: The sample's place among those of its task and length, from 0.
    ///   - length: The length of context that was asked for, in tokens.
    ///   - answered: What became of it; `nil` if it was not asked.
    /// - Throws: ``FileError`` if the file cannot be written any more.
    public func append(
        _ sample: FittedItem, index: Int, _ task: RulerTask, _ length: Int, _ answered: AnsweredItem?
    ) throws(FileError) {
        var object = JSONObject([
            ("index", .integer(index)), ("task", .string(task.rawValue)), ("max_length", .integer(length)),
            ("input", .string(sample.item.prompt.text)), ("answer_prefix", .string(sample.item.prompt.answerPrefix)),
            ("outputs", .array(sample.item.references.map { .string($0) })), ("length", .integer(sample.tokenCount)),
        ])
        if let answered {
            object["pred"] = .string(answered.answer.text)
            object["score"] = .double(answered.score)
        }
        do {
            try handle.write(contentsOf: Data((JSON.object(object).serialized(.python) + "\n").utf8))
        } catch { throw FileError(path, "cannot be written: \(error)", remedy: "Check the free space.") }
    }

    /// Ends the file.
    ///
    /// - Throws: What closing it throws.
    public func close() throws { try handle.close() }
}
