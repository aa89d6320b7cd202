import GygesKernels
import GygesText

/// A request that is being computed.
final class LiveSequence {
    /// Where it came from and where its results go.
    let job: EngineJob
    /// All tokens: the prompt and what was generated.
    private(set) var tokens: [Int32]
    /// How many of them have their keys and values computed.
    private(set) var computedCount: Int
    /// Their pages.
    let pages: SequencePages
    /// Pages that this sequence may still need.
    private(set) var reservedPageCount: Int
    /// The name of its last full page in the prefix index.
    private var prefix: Int
    private var indexedPageCount: Int
    private var work: Work

    private enum Work {
        case generation(Generation)
        case scoring(ScoringRequest, [ScoredToken])
    }

    /// Starts with `pages`, which hold `computedCount` tokens: those of `match` and perhaps one of the sequence's own. It
    /// never grows beyond `tokenLimit` tokens or `pageDemand` pages.
    init(
        job: EngineJob, pages: SequencePages, computedCount: Int, match: PrefixIndex.Match, tokenLimit: Int,
        pageDemand: Int, tokenizer: Tokenizer
    ) {
        self.job = job
        self.pages = pages
        self.computedCount = computedCount
        reservedPageCount = pageDemand - pages.pages.count
        prefix = match.identifier
        indexedPageCount = match.pages.count
        switch job.request {
        case .generation(var request):
            tokens = request.prompt
            request.maximumTokenCount = min(request.maximumTokenCount, tokenLimit - tokens.count)
            work = .generation(Generation(request: request, reusedTokenCount: computedCount, tokenizer: tokenizer))
        case .scoring(let request):
            tokens = request.tokens
            work = .scoring(request, [])
        }
    }

    /// The tokens still to be computed; one when the sequence is decoding.
    var pendingCount: Int { tokens.count - computedCount }

    /// Notes that a page came out of the reservation.
    func append(_ page: KeyValuePage) {
        pages.append(page)
        reservedPageCount -= 1
    }

    /// The rows of a chunk of `count` pending tokens whose logits are needed, counted from the chunk's first.
    func logitRows(inChunkOf count: Int) -> Range<Int> {
        let end = computedCount + count
        switch work {
        case .generation: return end == tokens.count ? (count - 1)..<count : 0..<0
        case .scoring(let request, _):
            // The row of token i predicts token i + 1; the last row matters only to an observer.
            let first = max(request.firstScored - 1, computedCount)
            let last = request.observer == nil ? min(end, tokens.count - 1) : end
            return first < last ? (first - computedCount)..<(last - computedCount) : 0..<0
        }
    }

    /// Notes that `count` more tokens were computed and makes pages that became full findable.
    func advance(by count: Int, index: PrefixIndex) {
        computedCount += count
        let length = KeyValueLayout.blockLength
        while (indexedPageCount + 1) * length <= computedCount {
            let range = (indexedPageCount * length)..<((indexedPageCount + 1) * length)
            prefix = index.insert(pages.pages[indexedPageCount], tokens: tokens[range], after: prefix)
            indexedPageCount += 1
        }
    }

    /// Makes the partly filled last page findable, now that nothing more will be written to it.
    ///
    /// Of a scoring, only the context: other continuations of it are more likely to come than the same again.
    func leaveTail(in index: PrefixIndex) {
        let start = indexedPageCount * KeyValueLayout.blockLength
        var end = computedCount
        if case .scoring(let request, _) = work { end = min(end, request.firstScored) }
        guard start < end else { return }
        index.insertTail(pages.pages[indexedPageCount], tokens: tokens[start..<end], after: prefix)
    }

    /// Takes the logits that predict the token after `position`; returns whether the request is finished.
    ///
    /// Rows of the table beyond the vocabulary are padding and mean nothing: only an observer sees their logits.
    func receive(logits all: UnsafeMutableBufferPointer<Float>, vocabularyCount: Int, position: Int) -> Bool {
        let logits = UnsafeMutableBufferPointer(rebasing: all[..<vocabularyCount])
        switch work {
        case .generation(let generation):
            tokens.append(generation.sample(from: logits))
            return generation.deliver(to: job)
        case .scoring(let request, var scores):
            work = .scoring(request, [])  // So that appending does not copy.
            request.observer?(position, UnsafeBufferPointer(all))
            if position + 1 < tokens.count {
                let token = tokens[position + 1]
                let inVocabulary = Int(token) < logits.count
                scores.append(
                    ScoredToken(
                        token: token,
                        logProbability: inVocabulary ? Double(logits[Int(token)]) - logSumExp(logits) : -.infinity,
                        isGreedy: argmax(logits) == Int(token)))
            }
            work = .scoring(request, scores)
            guard scores.count == tokens.count - request.firstScored,
                request.observer == nil || position == tokens.count - 1
            else { return false }
            job.deliver(.success(.scores(scores)))
            return true
        }
    }
}
