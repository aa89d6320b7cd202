public import GygesTensors

/// What a pass learns from: sequences end to end, and the rows of which a token is asked.
///
/// Only these rows need go through a model's head.
public struct TrainingBatch: Sendable, Equatable {
    /// The sequences. Each is a sample of its own: it begins at position 0 and sees no other.
    public var batch = PackedBatch()
    /// The rows that are asked for a token, ascending.
    public var rows: [Int] = []
    /// The token that each of ``rows`` is asked for.
    public var targets: [Int32] = []
    /// What rows are asked where that is no token: for each of ``rows`` a class, or a number for each label.
    public var labels: [Float] = []
    /// What the loss of each of ``rows`` counts; empty where all count 1.
    public var lossWeights: [Float] = []
    /// How many places behind its row a target stands: 1 where the next token is predicted, 0 where a hidden one is guessed.
    public let targetOffset: Int
    /// Where each sequence of the batch comes from.
    public var references: [SampleReference]

    /// How many tokens are to be predicted: losses of all passes of a step are divided by the sum of these.
    public var supervisedCount: Int { rows.count }

    /// A pack for a model that reads from left to right: each row is asked for the token after it, if that is to be predicted.
    public init(predictingNextOf pack: Pack) {
        references = pack.references
        targetOffset = 1
        for document in pack.documents {
            let first = batch.rowCount
            batch.append(document.tokens)
            for range in document.supervised {
                // Nothing stands before a first token.
                for place in range.clamped(to: 1..<max(1, document.tokens.count)) {
                    rows.append(first + place - 1)
                    targets.append(document.tokens[place])
                }
            }
        }
    }

    /// A pack for a model that sees both sides: some tokens are hidden and asked for (Devlin et al. 2019,
    /// https://arxiv.org/abs/1810.04805, §3.1).
    public init(guessingTokensOf pack: Pack, hiddenBy masking: TokenMasking) {
        references = pack.references
        targetOffset = 0
        let bits = masking.bits.branch(UInt64(pack.number))
        for document in pack.documents {
            let first = batch.rowCount
            var tokens = document.tokens
            for place in document.supervised.joined() {
                guard let replacement = masking.replacement(of: tokens[place], bits, at: first + place) else {
                    continue
                }
                rows.append(first + place)
                targets.append(tokens[place])
                tokens[place] = replacement
            }
            batch.append(tokens)
        }
    }

    /// A pack for a model that tells labels: of each text, by its first row, or of those of its tokens that have one.
    public init(labellingOf pack: Pack, tokens: Bool) {
        references = pack.references
        targetOffset = 0
        for document in pack.documents {
            let first = batch.rowCount
            batch.append(document.tokens, firstTextCount: document.firstTextCount)
            guard tokens else {
                rows.append(first)
                labels += document.labels
                continue
            }
            for (place, label) in document.labels.enumerated() where label >= 0 {
                rows.append(first + place)
                labels.append(label)
            }
        }
    }

    /// What several packs ask, in one pass; each sequence stays by itself.
    ///
    /// - Precondition: There is at least one, and all ask alike.
    init(joining parts: [TrainingBatch]) {
        targetOffset = parts[0].targetOffset
        references = parts.flatMap(\.references)
        for part in parts {
            let first = batch.rowCount
            for sequence in part.batch.sequences {
                batch.append(part.batch.tokens[sequence.rows], firstTextCount: sequence.firstTextCount)
            }
            rows += part.rows.map { $0 + first }
            targets += part.targets
            labels += part.labels
            lossWeights += part.lossWeights
        }
    }

    /// The sample that a row belongs to, and the row's place in its document: what is named when a loss is no number.
    ///
    /// - Complexity: O(log sequences).
    public func origin(ofRow row: Int) -> (reference: SampleReference, place: Int)? {
        guard row >= 0, row < batch.rowCount else { return nil }
        var (low, high) = (0, batch.sequences.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if batch.sequences[middle].rows.upperBound > row { high = middle } else { low = middle + 1 }
        }
        let reference = references[low]
        return (reference, reference.tokens.lowerBound + row - batch.sequences[low].rows.lowerBound)
    }
}
