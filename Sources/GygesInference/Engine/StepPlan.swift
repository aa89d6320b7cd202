/// How the rows of one step are shared out.
struct StepPlan {
    /// The most rows of a step.
    var rowLimit: Int
    /// The most rows of prompts in a step while few sequences are decoding.
    var promptRowLimit: Int

    /// What a sequence would take.
    struct Demand {
        /// Its tokens that are to be computed.
        var pending: Int
        /// Whether somebody waits for its next token: such a sequence wants a single row.
        var isDecoding: Bool
    }

    /// The smallest share of a prompt: enough rows to fill a tile of a matmul.
    static let quantum = 16

    /// The rows that each sequence gets, given those that have waited longest first.
    ///
    /// Sequences that are decoding come first, a row each. If there are any, prompts together get at most
    /// ``promptRowLimit`` rows, or twice as many as are decoding: a step costs about as much as 9 rows however few it
    /// has, so it then takes about three times as long as without prompts (four with a single sequence). Prompts share what there
    /// is equally, at least a ``quantum`` at a time, so that a short one does not wait for a long one.
    func rowCounts(for demands: [Demand]) -> [Int] {
        var counts = [Int](repeating: 0, count: demands.count)
        var room = rowLimit
        for (index, demand) in demands.enumerated() where demand.isDecoding && room > 0 {
            counts[index] = 1
            room -= 1
        }
        let decoding = rowLimit - room
        if decoding > 0 { room = min(room, max(promptRowLimit, 2 * decoding)) }

        let prompts = demands.indices.filter { !demands[$0].isDecoding }
        let share = max(Self.quantum, room / max(1, prompts.count))
        for limit in [share, rowLimit] {
            for index in prompts {
                let more = min(demands[index].pending - counts[index], limit, room)
                counts[index] += more
                room -= more
            }
        }
        return counts
    }
}
