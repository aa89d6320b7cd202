import GygesFiles
import GygesInference
import GygesKernels

/// How a command answers texts: what it makes of a record, of what many records made, and of the answers.
///
/// A text that cannot be answered is named, gets its error for a row where rows are JSON, and does not keep the others from theirs.
struct TextRows<Question, Reply> {
    /// What progress is called: "reading".
    var activity = "reading"
    /// How many texts are answered together.
    var together = 64
    /// Whether rows are lines of JSON, each input having one, or text for people.
    var isJSON: Bool
    /// What is asked of a record.
    var question: (TextRecord) throws -> Question
    /// The answers to some questions.
    var replies: ([Question]) throws -> [Reply]
    /// What is written of an answer, its end of line included.
    var written: (TextRecord, Question, Reply) throws -> String

    /// Answers all inputs.
    ///
    /// - Throws: ``FileError`` if files fail, ``RowProblems/Failed`` at the end if inputs could not be answered.
    func answer(_ reader: RowReader, fields: [String], output: RowOutput, total: Int?, quiet: Bool) throws {
        let bar = ProgressBar(.items("texts"), delay: 1, isShown: !quiet)
        defer { bar.finish() }
        let problems = RowProblems(bar)
        try output.answer(
            reader, together: together, progress: { bar.update(activity, count: $0, of: total) },
            with: { rows, first in
                var texts = [String](repeating: "", count: rows.count)
                var records: [(index: Int, record: TextRecord, question: Question)] = []
                func refuse(_ index: Int, _ id: JSON?, _ problem: String) {
                    problems.note("\(rows[index].place): \(problem)")
                    guard isJSON else { return }
                    texts[index] = rows[index].refusal(id: id ?? .integer(first + index), problem).serialized() + "\n"
                }
                for (index, row) in rows.enumerated() {
                    do {
                        let record = try TextRecord(row, number: first + index, fields: fields)
                        do { records.append((index, record, try question(record))) } catch {
                            refuse(index, record.id, try Self.problem(of: error))
                        }
                    } catch { refuse(index, nil, try Self.problem(of: error)) }
                }
                let replies = try replies(to: &records) { refuse($0.index, $0.record.id, $1) }
                for (entry, reply) in zip(records, replies) {
                    do { texts[entry.index] = try written(entry.record, entry.question, reply) } catch {
                        refuse(entry.index, entry.record.id, try Self.problem(of: error))
                    }
                }
                return texts.map { Array($0.utf8) }
            })
        bar.update(activity, count: output.rowCount, of: output.rowCount)
        bar.finish()
        try problems.check()
    }

    /// The answers to all records but those that the model refuses, which are taken out.
    private func replies(
        to records: inout [(index: Int, record: TextRecord, question: Question)],
        refuse: ((index: Int, record: TextRecord, question: Question), String) -> Void
    ) throws -> [Reply] {
        while !records.isEmpty {
            do {
                return try replies(records.map(\.question))
            } catch let error as EncoderError {
                guard let (index, problem) = error.textProblem, records.indices.contains(index) else { throw error }
                refuse(records[index], problem)
                records.remove(at: index)
            }
        }
        return []
    }

    /// What an error says of one input; errors of other kinds are thrown on.
    private static func problem(of error: any Error) throws -> String {
        guard let error = error as? FileError else { throw error }
        return error.problems.joined(separator: "; ")
    }
}

/// A row of JSON, its end of line included.
func rowLine(_ members: [(String, JSON)]) -> String { JSON.object(JSONObject(members)).serialized() + "\n" }

extension TextEncoder {
    /// All that decides rows that are made with the model, so that a file is only gone on with by what began it.
    ///
    /// - Parameter settings: The command and its options.
    /// - Throws: ``FileError`` if the model's files cannot be read any more.
    func identity(of command: String, fields: [String], _ settings: KeyValuePairs<String, JSON>) throws -> JSONObject {
        var identity = JSONObject([
            ("command", .string(command)), ("model", .string(try digest())), ("precision", .string(precision.rawValue)),
            ("instruction set", .string(InstructionSet.current.rawValue)), ("arithmetic", .integer(arithmeticRevision)),
            ("fields", .array(fields.map(JSON.string))),
        ])
        for (name, value) in settings { identity[name] = value }
        return identity
    }
}
