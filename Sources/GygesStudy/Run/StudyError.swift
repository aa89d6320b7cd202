/// Why a study cannot go on.
public enum StudyError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A subject gave log-probabilities that cannot be compared: too few, not numbers, or impossible for every choice.
    case unusableLogProbabilities(subject: String)
    /// A judging model's reply does not answer what was asked.
    case unusableReply(subject: String, problem: String)
    /// A subject cannot say how probable given answers are.
    case noLogProbabilities(subject: String, reason: String)
    /// A subject takes no system messages, and they are not to be folded into the user turn.
    case noSystemRole(subject: String, reason: String)
    /// Another process is writing the run.
    case locked(folder: String, owner: String)
    /// The run was made with something else than what is given now.
    case changed(folder: String, what: [String])
    /// Parts of a run that were to be joined answer the same question differently.
    case conflict(table: String, key: String, folders: [String])
    /// There is no run in the folder.
    case missingRun(folder: String)
    /// No judge of that name has judged anything in the run.
    case unknownJudge(name: String, known: [String])
    /// No sample for labelling can be drawn as asked.
    case labelling(problem: String, remedy: String)
    /// The run was begun by another version of the program, whose manifest this one does not read.
    case foreignRun(path: String)
    /// The journal cannot be read or written.
    case journal(path: String, problem: String)

    /// The problem and what to do.
    public var description: String {
        switch self {
        case .unusableLogProbabilities(let subject):
            "\(subject) gave log-probabilities that cannot be compared.\nCheck the model with `gyges score`."
        case .unusableReply(let subject, let problem):
            """
            \(subject) gave a reply that cannot be used as a judgement: \(problem)
            Use a model that keeps to a JSON schema, or another way of asking.
            """
        case .noLogProbabilities(let subject, let reason):
            "\(subject) gives no log-probabilities: \(reason)"
        case .noSystemRole(let subject, let reason):
            """
            \(subject): \(reason).
            \(SystemRole.remedy)
            """
        case .locked(let folder, let owner):
            """
            \(folder): another process is writing this run (\(owner)).
            Wait for it, or end it; a process that has died holds no lock.
            """
        case .changed(let folder, let what):
            """
            \(folder): this run was made with something else: \(what.joined(separator: "; ")).
            Mixing the two would give numbers that belong to neither.
            Put the old state back, or choose another output folder.
            """
        case .conflict(let table, let key, let folders):
            """
            \(folders.joined(separator: ", ")): “\(table)” has two different rows under \(key).
            Only parts of one run of which each was asked something else can be joined: an endpoint seldom answers twice alike.
            """
        case .missingRun(let folder):
            "\(folder): there is no run here.\nStart one with `gyges study run FILE`."
        case .unknownJudge(let name, let known):
            known.isEmpty
                ? "There is no judge “\(name)”: nothing was judged yet.\nJudge the answers with `gyges study judge`, or resume the run."
                : "There is no judge “\(name)” in this run.\nChoose one of \(known.joined(separator: ", "))."
        case .labelling(let problem, let remedy): "\(problem)\n\(remedy)"
        case .foreignRun(let path):
            """
            \(path): this run was begun by another version of the program, and this one does not read its manifest.
            Choose another output folder, or go on with the version that began it.
            """
        case .journal(let path, let problem):
            """
            \(path): the journal cannot be used: \(problem)
            Free disk space, restore the file, or use the version of the program that wrote it; rows once reported done are kept.
            """
        }
    }
}
