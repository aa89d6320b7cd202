import GygesTensors
public import GygesTokenizer

/// Which tokens a masked language model has to guess, and what stands in their places.
///
/// One random number a token decides both, as in ModernBERT's trainer (`src/sequence_packer.py`). Two things differ on purpose: special
/// tokens are left alone, and random tokens come from the whole vocabulary without special ones, not from the ids up to the largest
/// in the batch.
public struct TokenMasking: Sendable, Equatable {
    /// What share of tokens is hidden, and what by.
    public struct Shares: Sendable, Equatable {
        /// The share of tokens that are asked for.
        public var hidden: Double
        /// The share of those in whose place the mask token stands.
        public var masked: Double
        /// The share of those in whose place a random token stands. The rest stay as they are and are asked for all the same.
        public var random: Double

        /// Creates shares; by default ModernBERT's: 30 %, of which 80 % masked and 10 % random (BERT hides 15 %).
        public init(hidden: Double = 0.3, masked: Double = 0.8, random: Double = 0.1) {
            self.hidden = hidden
            self.masked = masked
            self.random = random
        }
    }

    /// The shares.
    public let shares: Shares
    /// The token that stands for hidden ones.
    public let maskToken: Int32
    let bits: KeyedBits
    /// The tokens that may be hidden, and stand in for others: ascending.
    private let ordinary: [Int32]
    private let isOrdinary: [Bool]

    /// Masking for a tokenizer's vocabulary.
    ///
    /// - Parameter seed: What chance follows from, together with the number of a pack and the place in it.
    /// - Throws: ``SettingsError`` with every problem.
    public init(_ shares: Shares = Shares(), for tokenizer: Tokenizer, seed: UInt64) throws(SettingsError) {
        var check = SettingsCheck()
        check.expect(
            shares.hidden > 0 && shares.hidden <= 1, "masking.hidden",
            "is \(shares.hidden); give a share above 0, such as 0.3")
        check.expect(
            shares.masked >= 0 && shares.random >= 0 && shares.masked + shares.random <= 1, "masking.masked",
            "and random are \(shares.masked) and \(shares.random); give shares from 0 on that add up to at most 1")
        let kinds = (0..<Int32(clamping: tokenizer.vocabularyCount)).map { tokenizer.kind(of: $0) }
        let isOrdinary = kinds.map { $0.contains(.defined) && !$0.contains(.special) }
        self.isOrdinary = isOrdinary
        ordinary = isOrdinary.indices.filter { isOrdinary[$0] }.map { Int32(clamping: $0) }
        check.expect(
            tokenizer.maskToken != nil, "masking", "needs a mask token, which the tokenizer does not declare")
        check.expect(!ordinary.isEmpty, "masking", "needs tokens that are not special, and the vocabulary has none")
        try check.finish()
        self.shares = shares
        maskToken = tokenizer.maskToken ?? 0
        bits = KeyedBits(seed: seed)
    }

    /// What stands in a token's place if it is asked for; `nil` if it is not.
    func replacement(of token: Int32, _ bits: KeyedBits, at place: Int) -> Int32? {
        guard isOrdinary.indices.contains(Int(token)), isOrdinary[Int(token)] else { return nil }
        let draw = bits.fraction(at: UInt64(place)) / shares.hidden
        guard draw < 1 else { return nil }
        if draw < shares.masked { return maskToken }
        guard draw < shares.masked + shares.random else { return token }
        return ordinary[Int(bits.branch(1).number(below: UInt64(ordinary.count), at: UInt64(place)))]
    }
}
