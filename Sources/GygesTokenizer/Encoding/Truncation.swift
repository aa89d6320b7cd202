/// How texts that are too long are shortened; the rules and the results are those of the Python package `tokenizers`.
public struct Truncation: Sendable, Equatable {
    /// Which of two texts loses tokens.
    public enum Strategy: Sendable, Equatable, CaseIterable {
        /// The longer one until both are equally long, then both.
        case longestFirst
        /// The first alone.
        case onlyFirst
        /// The second alone.
        case onlySecond
    }

    /// At which end tokens are lost.
    public enum Side: Sendable, Equatable, CaseIterable {
        /// The text's end is lost.
        case end
        /// The text's beginning is lost.
        case beginning
    }

    /// The maximum number of tokens, with those that frame the texts.
    public var maximumTokenCount: Int
    /// Which of two texts loses tokens.
    public var strategy: Strategy
    /// At which end tokens are lost.
    public var side: Side

    /// Creates a rule.
    public init(maximumTokenCount: Int, strategy: Strategy = .longestFirst, side: Side = .end) {
        self.maximumTokenCount = maximumTokenCount
        self.strategy = strategy
        self.side = side
    }

    /// How many tokens each text keeps.
    ///
    /// - Parameters:
    ///   - first: the number of tokens of the first text.
    ///   - second: the number of tokens of the second text, if there is one.
    ///   - added: how many tokens frame the texts.
    /// - Throws: ``TokenizerError`` if the frame alone is too long, or the strategy's text is too short to give what is too much.
    func keptCounts(
        first: Int, second: Int?, added: Int
    ) throws(TokenizerError) -> (first: Int, second: Int) {
        guard maximumTokenCount >= added else { throw .noRoomForText(limit: maximumTokenCount, added: added) }
        let room = maximumTokenCount - added
        let excess = first + (second ?? 0) - room
        guard excess > 0 else { return (first, second ?? 0) }
        guard room > 0 else { return (0, 0) }
        switch strategy {
        case .longestFirst:
            guard let second else { return (room, 0) }
            let shorter = min(first, second)
            // The shorter stays whole if it has at most half of the room; else both have half, and the longer the odd one.
            let kept = shorter <= room / 2 ? (shorter, room - shorter) : (room / 2, room / 2 + room % 2)
            return first <= second ? kept : (kept.1, kept.0)
        case .onlyFirst:
            guard first > excess else { throw .textTooShortToTruncate(tokenCount: first, excess: excess) }
            return (first - excess, second ?? 0)
        case .onlySecond:
            guard let second else { throw .noSecondText }
            guard second > excess else { throw .textTooShortToTruncate(tokenCount: second, excess: excess) }
            return (first, second - excess)
        }
    }

    /// The indices, among `count`, of the tokens that stay.
    func range(keeping kept: Int, of count: Int) -> Range<Int> {
        side == .end ? 0..<kept : count - kept..<count
    }
}
