import GygesAnalysis
import GygesFiles

/// All that a journal is filled with by an import, wherever the answers came from: judges, analysis and report need not know.
struct ImportedStudy {
    /// What the run was when it was begun.
    let registered: RunManifest
    /// What it has become since, in order.
    var amendments: [RunManifest] = []
    /// Everything that is asked.
    let cells: [Cell]
    /// Every answer that the files have.
    let answers: [ImportedAnswer]
    /// What is known of judges besides.
    var judges: [(identity: JudgeIdentity, added: AddedJudge)] = []
    /// What people said.
    var labels: [Label] = []
    /// What was measured without sampling.
    var logitGaps: [RunHeader.KeyedGap] = []
    /// The programs that wrote the run before.
    var programs: [ProgramIdentity] = []
    /// Whether the study's own judges are to judge the answers now.
    let isToBeJudged: Bool
    /// What whoever imports must know, a sentence each without its full stop.
    var remarks: [String] = []
}

extension ImportedStudy {
    /// The run that an export holds: the same answers under the same keys, judged as they were.
    ///
    /// - Parameters:
    ///   - output: where the run goes.
    ///   - subject: what the subject is to be called; `nil` to leave its name.
    init(_ run: ReplayedRun, output: String, subject: String?) {
        let header = run.header
        func placed(_ manifest: RunManifest) -> RunManifest {
            var manifest = manifest
            manifest.study = manifest.study.moved(to: output)
            manifest.subject.name = subject ?? manifest.subject.name
            return manifest
        }
        registered = placed(header.registered)
        amendments = header.amendments.map(placed)
        cells = run.cells
        answers = run.answers
        judges = header.judges.compactMap { judge in judge.added.map { (judge.identity, $0) } }
        labels = header.labels
        logitGaps = header.logitGaps
        programs = header.programs
        isToBeJudged = false
        if run.repeatedCount > 0 { remarks.append(FrozenTranscripts.repeated(run.repeatedCount)) }
        let states = Dictionary(
            run.answers.map { ($0.cell.key, $0.row.state) }, uniquingKeysWith: { first, _ in first })
        // What would follow an answer that is not valid is never asked.
        let left = run.cells.count { cell in
            states[cell.key] == nil && cell.follows.flatMap { states[$0] }.map { $0 == .valid } ?? true
        }
        if left > 0 {
            remarks.append("\(left) of \(cells.count) answers are not in the files and stand as still to be asked for")
        }
    }
}
