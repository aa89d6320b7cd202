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
