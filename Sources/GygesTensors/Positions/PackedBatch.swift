/// Sequences laid end to end without padding: what every model, trainer and scheduler passes around.
///
/// Row `r` of every activation of a forward pass belongs to token `tokens[r]`. ModernBERT's unpadding, sequence packing
/// in training and continuous batching in serving are this one type seen from three sides.
public struct PackedBatch: Sendable, Equatable {
    /// A run of rows that belong to one sequence.
    public struct Span: Sendable, Equatable {
        /// The rows of the batch that hold this sequence's tokens.
        public var rows: Range<Int>
        /// The position of the first of them in its sequence: the number of tokens that came before.
        public var firstPosition: Int
        /// How its tokens are placed; `nil` for the model's native encoding.
        public var encoding: PositionEncoding?

        /// How many of the tokens are attended to in bidirectional attention, from the first on; `nil` for all. The others
        /// attend, and nothing attends to them.
        public var attendedCount: Int?

        /// How many of the tokens belong to the first of two texts, what frames it included; `nil` if there is one.
        public var firstTextCount: Int?

        /// Creates a run of rows whose first token stands at `firstPosition` of its sequence.
        public init(
            rows: Range<Int>, firstPosition: Int, encoding: PositionEncoding? = nil, attendedCount: Int? = nil,
            firstTextCount: Int? = nil
        ) {
            self.attendedCount = attendedCount
            self.firstTextCount = firstTextCount
            self.rows = rows
            self.firstPosition = firstPosition
            self.encoding = encoding
        }
    }

    /// Token ids of all sequences, end to end.
    public private(set) var tokens: [Int32] = []
    /// Where each sequence lies.
    public private(set) var sequences: [Span] = []

    /// Creates an empty batch.
    public init() {}

    /// The number of rows: tokens of all sequences together.
    public var rowCount: Int { tokens.count }

    /// Appends a sequence (or the next part of one) whose first token stands at `firstPosition`.
    public mutating func append(
        _ newTokens: some Collection<Int32>, firstPosition: Int = 0, encoding: PositionEncoding? = nil,
        attendedCount: Int? = nil, firstTextCount: Int? = nil
    ) {
        let start = tokens.count
        tokens.append(contentsOf: newTokens)
        sequences.append(
            Span(
                rows: start..<tokens.count, firstPosition: firstPosition, encoding: encoding,
                attendedCount: attendedCount, firstTextCount: firstTextCount))
    }
}
