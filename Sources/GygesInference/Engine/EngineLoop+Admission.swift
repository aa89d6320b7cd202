import GygesKernels

/// Which requests are computed, and whose pages go when memory runs out.
///
/// Requests are admitted in the order in which they came, as long as all that are being computed can grow by a page each.
/// Nothing is kept free for the length that a request allows: most end before. When memory runs out after all, the latest
/// request gives up its pages and waits again; what it computed stays in the index until its memory is needed.
extension EngineLoop {
    /// How often later requests may be admitted before one that does not fit; then they wait with it.
    static let bypassLimit = 16

    /// How many tokens less to compute are worth waiting for.
    private static let worthWaiting = 16

    private enum Admission {
        case admitted
        /// A prefix of it is just being computed.
        case awaitsPrefix
        case doesNotFit
    }

    /// Takes waiting requests in as far as there is room.
    func admit() {
        var passed: [LiveSequence] = []
        var position = 0
        // A long queue is not searched whole.
        while position < min(waiting.count, sequenceLimit), live.count < sequenceLimit {
            let candidate = waiting[position]
            switch admit(candidate) {
            case .admitted:
                waiting.remove(at: position)
                for sequence in passed { sequence.bypassCount += 1 }
            case .awaitsPrefix: position += 1
            case .doesNotFit:
                guard candidate.bypassCount < Self.bypassLimit else { return }
                passed.append(candidate)
                position += 1
            }
        }
    }

    private func admit(_ sequence: LiveSequence) -> Admission {
        let tokens = sequence.reusableTokens
        let match = index.longestPrefix(of: tokens, after: sequence.root)
        let tail = longestTail(for: sequence, after: match)
        let matchedCount = match.pages.count * KeyValueLayout.blockLength
        if awaitsPrefix(sequence, known: matchedCount + (tail?.count ?? 0)) { return .awaitsPrefix }

        let idleMatched = match.pages.filter(\.isIdle).count
        let promised = live.reduce(0) { $0 + max(0, $1.expectedPageCount - $1.pages.count) }
        let demand = idleMatched + sequence.expectedPageCount - match.pages.count
        guard pool.usedPageCount + promised + demand <= pool.capacity else { return .doesNotFit }

        // In use from here on, so that the copy cannot evict them.
        let pages = SequencePages(using: match.pages)
        var computedCount = matchedCount
        if let tail, let page = copy(of: tail.page) {
            pages.append(page)
            computedCount += tail.count
        }
        leaveQueue(sequence)
        sequence.begin(with: pages, computedCount: computedCount, match: match)
        counts.reusedTokenCount += computedCount
        live.append(sequence)
        return .admitted
    }

    /// A page, of a finished or a live sequence, that goes on as `sequence` does after `match`, and for how many tokens.
    private func longestTail(
        for sequence: LiveSequence, after match: PrefixIndex.Match
    ) -> (page: KeyValuePage, count: Int)? {
        let tokens = sequence.reusableTokens
        var best = index.longestTail(after: match, of: tokens)
        let start = match.pages.count * KeyValueLayout.blockLength
        for other in live where other.root === sequence.root && other.computedCount > start + (best?.count ?? 0) {
            let common = commonPrefixCount(other.tokens[..<other.computedCount], tokens.dropLast())
            if common > start + (best?.count ?? 0) {
                best = (other.pages.pages[match.pages.count], min(common - start, KeyValueLayout.blockLength))
            }
        }
        return best
    }

    /// A copy to go on writing in; `nil` if there is no room for one now.
    private func copy(of tail: KeyValuePage) -> KeyValuePage? {
        tail.use()  // So that it is not evicted.
        defer { tail.release() }
        let page = makePage()
        page?.fill(from: tail.bytes)
        return page
    }

    /// Whether a live sequence is about to compute so much more of the same tokens than the `known` ones that waiting for
    /// it is quicker than computing them.
    private func awaitsPrefix(_ sequence: LiveSequence, known: Int) -> Bool {
        let tokens = sequence.reusableTokens.dropLast()
        return live.contains { other in
            guard other.pendingCount > 1, other.root === sequence.root else { return false }
            return commonPrefixCount(other.tokens[...], tokens) >= known + Self.worthWaiting
        }
    }

    // MARK: Pages

    /// A new page, in the place of the one unused for longest if need be.
    func makePage() -> KeyValuePage? {
        pool.makePage() ?? (index.evictOne() ? pool.makePage() : nil)
    }

    /// Gives a sequence the pages for its first `tokenCount` tokens; returns whether there was memory.
    func providePages(for sequence: LiveSequence, tokenCount: Int) -> Bool {
        while sequence.pages.count < KeyValuePool.pageCount(forTokens: tokenCount) {
            guard let page = makePage() else { return false }
            sequence.pages.append(page)
        }
        return true
    }

    /// Gives a sequence the pages for its first `tokenCount` tokens, those of the latest requests if need be; returns
    /// `false` if the sequence was itself the latest and waits now.
    func securePages(for sequence: LiveSequence, tokenCount: Int) -> Bool {
        while !providePages(for: sequence, tokenCount: tokenCount) {
            // A request that is alone fits: others were refused when they came.
            guard live.count > 1, let latest = live.max(by: { $0.arrival < $1.arrival }) else {
                fatalError("the account of key-value pages does not add up")
            }
            preempt(latest)
            if latest === sequence { return false }
        }
        return true
    }

    private func preempt(_ sequence: LiveSequence) {
        sequence.preempt(index: index)
        counts.preemptionCount += 1
        live.removeAll { $0 === sequence }
        wait(sequence)
    }
}
