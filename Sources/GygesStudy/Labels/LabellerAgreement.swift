public import GygesAnalysis
public import GygesStatistics

/// How often two labellers agree on one question.
public struct LabellerAgreement: Sendable, Equatable {
    /// One labeller.
    public let first: String
    /// The other.
    public let second: String
    /// The question.
    public let outcome: LabelOutcome
    /// How far their answers agree.
    public let agreement: Agreement

    /// Their answers, transcript by transcript.
    public var counts: PairedCounts { agreement.counts }
}

extension LabelBook {
    /// Who has labelled, in the order of their names.
    ///
    /// - Throws: ``FileError`` if the journal cannot be read.
    public func labellers() throws -> [String] { Set(try labels().map(\.labeller)).sorted() }

    /// How often each two labellers agree, question by question, as far as there is anything to compare.
    ///
    /// - Throws: ``FileError`` if the journal cannot be read.
    public func agreements() throws -> [LabellerAgreement] {
        let labellers = try labellers()
        return try labellers.indices.flatMap { index in
            try labellers[(index + 1)...].flatMap { second in
                try agreement(of: labellers[index], and: second)
            }
        }
    }
}
