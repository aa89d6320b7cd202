import GygesTokenizer
import GygesKernels
import GygesTensors

/// A request that was taken in: it waits, without pages, or is being computed.
final class LiveSequence {
    /// Where it came from and where its results go.
    let job: EngineJob
    /// Its place in the order in which requests came.
    let arrival: Int
    /// All tokens: the prompt and what was generated.
    private(set) var tokens: [Int32]
    /// How many of them have their keys and values computed.
    private(set) var computedCount = 0
    /// Their pages.
    private(set) var pages = SequencePages()
    /// The most tokens it can grow to.
    let tokenLimit: Int
    /// Whether it was never computed yet, and counts among those that wait in the inbox's room.
    var isQueued = true
    /// How often later requests were admitted because this one did not fit.
    var bypassCount = 0
    /// How often it had to give its pages to others.
    private(set) var preemptionCount = 0
    /// The empty prefix that its pages come after; pages after another one are of no use to it.
    let root: PrefixIndex.Entry
    /// How its tokens are placed; `nil` for the model's native encoding.
    let encoding: PositionEncoding?
    /// Where its last full page is known.
    private var prefix: PrefixIndex.Entry
    private var indexedPageCount = 0
    private let promptCount: Int
    private var work: Work
    private var draftLength = DraftLength()
    private var draft: [Int32] = []
    private var acceptedCount = 0
    /// The position whose logits are not finite, which ends the request: whoever asks for it finds the cause and tells.
    private(set) var nonFinitePosition: Int?

    private enum Work {
        case generation(Generation, speculates: Bool)
        /// With the position whose logits are wanted next.
        case scoring(ScoringRequest, [ScoredToken], next: Int)
    }

    /// Takes in a valid request, which never grows beyond `tokenLimit` tokens.
    init(
        job: EngineJob, arrival: Int, tokenLimit: Int, root: PrefixIndex.Entry, encoding: PositionEncoding?,
        tokenizer: Tokenizer
    ) {
        self.job = job
        self.arrival = arrival
        self.tokenLimit = tokenLimit
        self.root = root
        self.encoding = encoding
        prefix = root
        switch job.request {
        case .generation(var request):
            tokens = request.prompt
            request.maximumTokenCount = min(request.maximumTokenCount, tokenLimit - tokens.count)
            work = .generation(Generation(request: request, tokenizer: tokenizer), speculates: request.speculates)
        case .scoring(let request):
            tokens = request.tokens
            work = .scoring(request, [], next: request.firstScored - 1)
        }
        promptCount = tokens.count
    }

    /// The tokens still to be computed; one when the sequence is decoding.
    var pendingCount: Int { tokens.count - computedCount }

    /// Whether tokens were generated and only the last of them is still to be computed.
    var isDecoding: Bool { tokens.count > promptCount && pendingCount == 1 }

    /// The tokens whose keys and values may come from an earlier computation, and one more.
    var reusableTokens: ArraySlice<Int32> {
        switch work {
        case .generation: tokens[...]
        case .scoring(_, _, let next): tokens[...next]
        }
    }

    // MARK: Pages

    /// The pages that it will hold when it has grown as far as it is trusted to before memory is looked at again.
    ///
    /// A page's worth of tokens, and twice as many after each time that memory ran out, so that no request is computed again
    /// more often than the logarithm of its length.
    var expectedPageCount: Int {
        let growth = KeyValueLayout.blockLength << min(preemptionCount, 20)
        return KeyValuePool.pageCount(forTokens: min(tokens.count + growth, tokenLimit))
    }

    /// Starts, or goes on, with `pages`, which hold `computedCount` tokens: those of `match` and perhaps one of its own.
    func begin(with pages: SequencePages, computedCount: Int, match: PrefixIndex.Match) {
        if isQueued, case .generation(let generation, _) = work {
            generation.completion.reusedTokenCount = computedCount
            generation.start()
        }
        isQueued = false
        self.pages = pages
        self.computedCount = computedCount
        prefix = match.entry
        indexedPageCount = match.pages.count
        bypassCount = 0
    }

    /// Gives all pages away, to be computed again or found in the index later.
    func preempt(index: PrefixIndex) {
        preemptionCount += 1
        leavePages(in: index)
    }

    /// Lets go of all pages; those that hold tokens stay findable until their memory is needed.
    ///
    /// Of a scoring's last page, only the context: other continuations of it are more likely to come than the same again.
    func leavePages(in index: PrefixIndex) {
        let start = indexedPageCount * KeyValueLayout.blockLength
        var end = computedCount
        if case .scoring(let request, _, _) = work { end = min(end, request.firstScored) }
        if start < end { index.insert(pages.pages[indexedPageCount], tokens: tokens[start..<end], after: prefix) }
        pages = SequencePages()
        prefix = root
        computedCount = 0
        indexedPageCount = 0
        draft = []
    }

    /// Notes that `count` more tokens were computed.
    func advance(by count: Int) { computedCount += count }

    /// Makes pages that became full findable.
    func shareFullPages(in index: PrefixIndex) {
        let length = KeyValueLayout.blockLength
        while (indexedPageCount + 1) * length <= computedCount {
            let range = (indexedPageCount * length)..<((indexedPageCount + 1) * length)
            let own = pages.pages[indexedPageCount]
            prefix = index.insert(own, tokens: tokens[range], after: prefix)
            // Another sequence may have computed the same meanwhile. One of the two is enough, and what is in use must be
            // in the index for eviction to go by its order.
            if let known = prefix.page, known !== own { pages.replace(at: indexedPageCount, with: known) }
            indexedPageCount += 1
        }
    }

    // MARK: Speculation

    /// Up to `limit` tokens that may follow.
    func proposal(limit: Int, index: PrefixIndex) -> [Int32] {
        guard case .generation(_, speculates: true) = work, isDecoding else { return [] }
        // The rows of the last token and of the proposed ones give one token each.
        let limit = draftLength.next(limit: min(limit, tokenLimit - tokens.count - 1))
        guard limit > 0 else { return [] }
        let start = indexedPageCount * KeyValueLayout.blockLength
        let earlier = index.continuation(of: tokens[start...], after: prefix, limit: limit)
        return earlier.isEmpty ? lookedUpContinuation(of: tokens, limit: limit) : earlier
    }

    /// Notes that `tokens` are computed after the last token, to be compared with what is drawn.
    func verify(_ tokens: [Int32]) {
        guard case .generation(let generation, _) = work else { return }
        generation.completion.proposedTokenCount += tokens.count
        draft = tokens
        acceptedCount = 0
    }

    /// Learns from how many of the proposed tokens were right, and returns it.
    func settleDraft() -> Int {
        guard !draft.isEmpty else { return 0 }
        draftLength.learn(proposed: draft.count, accepted: acceptedCount)
        draft = []
        return acceptedCount
    }

    // MARK: Results

    /// The rows of a chunk of `count` pending tokens, and proposed ones after them, whose logits are needed, counted from the
    /// chunk's first.
    func logitRows(inChunkOf count: Int) -> Range<Int> {
        let end = computedCount + count
        switch work {
        case .generation: return end == tokens.count ? (count - 1)..<(count + draft.count) : 0..<0
        case .scoring(let request, _, let next):
            // The row of token i predicts token i + 1; the last row matters only to an observer.
            let first = max(next, computedCount)
            let last = request.observer == nil ? min(end, tokens.count - 1) : end
            return first < last ? (first - computedCount)..<(last - computedCount) : 0..<0
        }
    }

    /// Takes the logits that predict the token after `position`; returns whether the request is finished.
    ///
    /// Touches nothing but this sequence, so that those of one step can take theirs at the same time.
    /// Rows of the table beyond the vocabulary are padding and mean nothing: only an observer sees their logits.
    func receive(
        logits all: UnsafeMutableBufferPointer<Float>, vocabularyCount: Int, position: Int
    ) -> Bool {
        let logits = UnsafeMutableBufferPointer(rebasing: all[..<vocabularyCount])
        switch work {
        case .generation(let generation, _):
            // What follows a wrong proposal was computed for nothing.
            guard position == computedCount - 1 else { return false }
            guard let token = generation.sample(from: logits) else {
                if generation.hasMetNonFinite { nonFinitePosition = position }
                return generation.deliver(to: job) || generation.hasMetNonFinite
            }
            tokens.append(token)
            if acceptedCount < draft.count, draft[acceptedCount] == token {
                acceptedCount += 1
                generation.completion.acceptedTokenCount += 1
                advance(by: 1)
            }
            return generation.deliver(to: job)
        case .scoring(let request, var scores, let next):
            work = .scoring(request, [], next: next)  // So that appending does not copy.
            request.observer?(position, UnsafeBufferPointer(all))
            if position + 1 < tokens.count {
                let token = tokens[position + 1]
                let logNormalizer = logSumExp(logits)
                guard logNormalizer.isFinite else {
                    nonFinitePosition = position
                    return true
                }
                let inVocabulary = Int(token) < logits.count
                scores.append(
                    ScoredToken(
                        token: token,
                        logProbability: inVocabulary ? Double(logits[Int(token)]) - logNormalizer : -.infinity,
                        isGreedy: argmax(logits) == Int(token),
                        alternatives: likeliestTokens(
                            request.topLogProbabilityCount, of: logits, logNormalizer: logNormalizer)))
            }
            work = .scoring(request, scores, next: position + 1)
            guard scores.count == tokens.count - request.firstScored,
                request.observer == nil || position == tokens.count - 1
            else { return false }
            job.deliver(.success(.scores(scores)))
            return true
        }
    }
}
