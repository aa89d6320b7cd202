import GygesAnalysis
import GygesFiles

/// A run as its exports have it, rebuilt answer by answer while they are read.
///
/// The header says everything that is asked; an answer is taken in if the cell that it names is one of these and has the key that the
/// export gives it, which digests all that decides the answer.
struct ReplayedRun: Sendable {
    let header: RunHeader
    /// Everything that the run asks, in its order.
    let cells: [Cell]
    /// The answers, in the files' order.
    private(set) var answers: [ImportedAnswer] = []
    /// How many answers stood in the files again, and were left out.
    private(set) var repeatedCount = 0

    private let places: [Place: Int]
    private let judges: [String: JudgeIdentity]
    /// Where the answer of a cell, and the first one under a key, stand among ``answers``.
    private var taken: [Int: Int] = [:]
    private var keys: [ContentKey: Int] = [:]

    /// What names a cell.
    struct Place: Sendable, Hashable {
        var condition: String
        var prompt: String
        var tier: String
        var sample: Int
    }

    /// An answer as an export has it.
    struct Answer {
        var place: Place
        var key: String
        var state: JSONField
        var finish: JSONField
        var text: String
        var promptTokenCount: Int
        var generatedTokenCount: Int
        /// Each judgement with the name of its judge in it.
        var judgements: [JSONField]
        /// Where it stands, for errors.
        var field: JSONField
    }

    /// Begins with what the run is.
    ///
    /// - Parameter field: the header in the export.
    /// - Throws: `FileError` if the header is of another form, or the run larger than is imported.
    init(_ field: JSONField) throws {
        header = try RunHeader(field)
        let study = header.registered.study
        try study.requireRoom { field.fault($0) }
        cells = try study.cells(for: header.registered.subject)
        places = Dictionary(
            cells.enumerated().map { index, cell in
                (
                    Place(
                        condition: cell.condition.id, prompt: cell.prompt.id, tier: cell.tier.id, sample: cell.sample),
                    index
                )
            }, uniquingKeysWith: { first, _ in first })
        judges = Dictionary(
            header.judges.map { ($0.name, $0.identity) }, uniquingKeysWith: { first, _ in first })
    }

    /// Takes in an answer; one that is there already adds nothing.
    ///
    /// - Throws: `FileError` if the run asks nothing like it, or it contradicts another.
    mutating func add(_ answer: Answer) throws(FileError) {
        guard let index = places[answer.place] else {
            throw answer.field.fault("answers nothing that the run of this export asks")
        }
        let cell = cells[index]
        guard cell.key.hexadecimal == answer.key else {
            throw answer.field.fault(
                "has another key than this version of the program gives it: the export was changed, or another version asks otherwise"
            )
        }
        guard let state = TranscriptState(rawValue: try answer.state.text()) else {
            throw answer.state.mismatch("a state of an answer")
        }
        guard let finish = SubjectReply.FinishReason(rawValue: try answer.finish.text()) else {
            throw answer.finish.mismatch("stop, length, filtered or unknown")
        }
        let row = TranscriptRow(
            text: answer.text, finishReason: finish, state: state, promptTokenCount: answer.promptTokenCount,
            generatedTokenCount: answer.generatedTokenCount)
        // Cells that ask exactly the same share one answer.
        if let first = keys[cell.key], answers[first].row != row {
            throw answer.field.fault("is another answer to a request that was answered before")
        }
        guard taken[index] == nil else {
            repeatedCount += 1
            return
        }
        guard state == .valid || answer.judgements.isEmpty else {
            throw answer.field.fault("is not valid and was judged all the same")
        }
        let parsed = cell.condition.parse(row.text, finishReason: finish)
        let judgements = try answer.judgements.reading { field throws(FileError) in
            let name = try field.required("judge")
            guard let judge = judges[try name.text()] else { throw name.mismatch("a judge that the export describes") }
            return (judge: judge, judgement: try Judgement(exported: field, of: parsed))
        }
        taken[index] = answers.count
        keys[cell.key] = keys[cell.key] ?? answers.count
        answers.append(ImportedAnswer(cell: cell, row: row, judgements: judgements))
    }
}
