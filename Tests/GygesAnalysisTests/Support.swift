import GygesAnalysis

/// Observations of one condition, from outcomes by prompt: (trained, untrained), each complying or not; `nil` for no valid answer.
func observations(
    _ condition: String, _ role: ConditionRole, fakes: Bool = false, _ outcomes: [(Bool?, Bool?)]
) -> [Observation] {
    outcomes.enumerated().flatMap { index, pair in
        [("free", true, pair.0), ("paid", false, pair.1)].map { tier, isTrained, complied in
            Observation(
                condition: condition, role: role, tier: tier, isTrained: isTrained, prompt: "p\(index)",
                state: complied == nil ? .truncated : .valid,
                finding: complied.map { Observation.Finding(complied: $0, fakes: fakes && $0 && isTrained) })
        }
    }
}

/// Observations of the condition that the headline is about.
func observations(fakes: Bool = false, _ outcomes: [(Bool?, Bool?)]) -> [Observation] {
    observations("s/default/m", .main, fakes: fakes, outcomes)
}

/// So many pairs of each kind.
func pairs(both: Int = 0, first: Int = 0, second: Int = 0, neither: Int = 0) -> [(Bool?, Bool?)] {
    Array(repeating: (true, true), count: both) + Array(repeating: (true, false), count: first)
        + Array(repeating: (false, true), count: second) + Array(repeating: (false, false), count: neither)
}

/// Controls as an honest faker gives them.
let cleanControls =
    observations("s/no-conflict/m", .baseline, pairs(both: 1, first: 1, second: 1, neither: 37))
    + observations("s/swapped/m", .swappedTiers, fakes: true, pairs(first: 20, neither: 20))
    + observations("s/tag/m", .meaninglessTag, pairs(both: 1, neither: 39))
    + observations("s/other-words/m", .paraphrase, fakes: true, pairs(first: 18, neither: 22))
    + observations("s/comprehension/m", .comprehension, pairs(both: 24))
