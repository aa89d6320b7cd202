/// What probably follows `tokens`: what followed the last place before where their ending stands too (Saxena 2023, prompt
/// lookup decoding). `limit` tokens; none if not even the last two tokens have stood together before.
///
/// Endings of up to four tokens are compared; the longest wins, of equal ones the last.
/// Complexity: O(tokens).
func lookedUpContinuation(of tokens: [Int32], limit: Int) -> [Int32] {
    let longest = 4
    return tokens.withUnsafeBufferPointer { all in
        var best = (length: 1, end: 0)
        guard let last = all.last, limit > 0 else { return [] }
        var end = all.count - 1
        while end > 1 {
            // The tokens before `end` against the last ones.
            if all[end - 1] == last {
                var length = 1
                while length < min(longest, end), all[end - 1 - length] == all[all.count - 1 - length] { length += 1 }
                if length > best.length { best = (length, end) }
                if length == longest { break }
            }
            end -= 1
        }
        guard best.length > 1 else { return [] }
        // Where the text ends, it repeats itself.
        let period = all.count - best.end
        return (0..<limit).map { all[best.end + $0 % period] }
    }
}

/// How many tokens are worth proposing for one sequence, learnt from how earlier proposals fared.
///
/// Doubles while all are right and halves when none is; at zero there is a pause, longer each time in a row.
struct DraftLength {
    private var length = 4
    private var pause = 0
    private var nextPause = 4

    /// The most tokens proposed for one sequence in a step.
    static let longest = 15
    private static let longestPause = 64

    /// How many to propose in this step, at most `limit`.
    mutating func next(limit: Int) -> Int {
        if pause > 0 {
            pause -= 1
            return 0
        }
        return max(0, min(length, limit))
    }

    /// Takes in that `accepted` of `proposed` tokens were right.
    mutating func learn(proposed: Int, accepted: Int) {
        if accepted > 0 { nextPause = 4 }
        if accepted == proposed {
            // A step may have had room for fewer than this length.
            length = min(max(length, 2 * proposed), Self.longest)
        } else if accepted > 0 {
            length = accepted + 1
        } else {
            length /= 2
            guard length == 0 else { return }
            length = 1
            pause = nextPause
            nextPause = min(2 * nextPause, Self.longestPause)
        }
    }
}
