import GygesFiles
import GygesYAML

extension RenamedKey {
    /// Every key of study files that was renamed, by its older name. Journals and digests have the older ones.
    static let all = [
        "leastComprehension": "minimumComprehension", "greatestFormatFailure": "maximumFormatFailure",
        "greatestFormatFailureDifference": "maximumFormatFailureDifference",
        "leastParaphraseAgreement": "minimumParaphraseAgreement", "leastRenamedAgreement": "minimumRenamedAgreement",
        "leastJudgeAgreement": "minimumJudgeAgreement", "prefill": "responsePrefix",
    ]
}

extension YAMLDocument {
    /// Parses a text of a study; `path` names it in errors. Keys may have older names.
    convenience init(study text: String, path: String) throws(FileError) {
        try self.init(text, path: path, newNames: RenamedKey.all)
    }

    /// Reads a file of a study. Keys may have older names.
    convenience init(studyFile path: String) throws(FileError) {
        try self.init(contentsOf: path, newNames: RenamedKey.all)
    }
}
