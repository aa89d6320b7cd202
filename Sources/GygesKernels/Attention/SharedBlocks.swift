/// A run of blocks that several sequences of a step share: its keys and values are read and converted once for all of them.
struct SharedBlocks: Equatable {
    /// The sequences, at least two, by their number in the step.
    var sequences: [Int]
    /// The blocks, all of one span of keys, beginning with the span's first, and all before any of the sequences' own rows.
    var blocks: Range<Int>
}

extension SharedBlocks {
    /// The runs that sequences of at most `rowLimit` rows share, none overlapping another.
    ///
    /// Sequences that differ at the beginning of a span are taken to differ from there on, as in a tree of prompts. Where
    /// they part within a span, the run is that of those sequences and blocks which spare the most reading.
    /// - Complexity: O(blocks of all sequences).
    static func runs(in sequences: [AttentionSequence], rowLimit: Int) -> [SharedBlocks] {
        // The blocks that a sequence's every row sees as a whole, and not the one that its first row is in.
        let complete = sequences.map { sequence in
            sequence.rowCount > 0 && sequence.rowCount <= rowLimit && sequence.chunks == nil
                && sequence.visibleBlocks == nil ? sequence.firstPosition / KeyValueLayout.blockLength : 0
        }
        var runs: [SharedBlocks] = []
        var groups = [sequences.indices.filter { complete[$0] > 0 }]
        var start = 0
        while !groups.isEmpty {
            var next: [[Int]] = []
            for group in groups {
                for alike in classes(of: group, by: { Place(sequences[$0], block: start) }) where alike.count > 1 {
                    if let run = best(of: alike, from: start, complete: complete, in: sequences) { runs.append(run) }
                    next.append(alike)
                }
            }
            start += spanLength
            groups = next.map { $0.filter { complete[$0] > start } }.filter { $0.count > 1 }
        }
        return runs
    }

    /// Fewer blocks are not worth the records that they leave.
    private static let fewestBlocks = 4

    /// Of sequences that share the block at `start`, those that go on together for so long that most reading is spared.
    private static func best(
        of group: [Int], from start: Int, complete: [Int], in sequences: [AttentionSequence]
    ) -> SharedBlocks? {
        var best: (run: SharedBlocks, spared: Int)?
        var members = group
        for end in start + 1...start + spanLength {
            members.removeAll { complete[$0] < end }
            if end > start + 1 {
                let parted = classes(of: members) { Place(sequences[$0], block: end - 1) }
                members = parted.max { $0.count < $1.count } ?? []
            }
            guard members.count > 1 else { break }
            let spared = (members.count - 1) * (end - start)
            if end - start >= fewestBlocks, spared > best?.spared ?? 0 {
                best = (SharedBlocks(sequences: members, blocks: start..<end), spared)
            }
        }
        return best?.run
    }

    /// Where a sequence's keys of a block are, and what their scores are multiplied by.
    private struct Place: Hashable {
        var block: UnsafeRawPointer
        var temperature: Float

        init(_ sequence: AttentionSequence, block: Int) {
            self.block = sequence.blocks[block]
            temperature = sequence.temperature
        }
    }

    /// The members in classes of the same place, in the order of their first members.
    private static func classes(of members: [Int], by place: (Int) -> Place) -> [[Int]] {
        guard let first = members.first.map(place) else { return [] }
        // Nearly always all are alike.
        if members.allSatisfy({ place($0) == first }) { return [members] }
        var order: [Place] = []
        var classes: [Place: [Int]] = [:]
        for member in members {
            let place = place(member)
            if classes[place] == nil { order.append(place) }
            classes[place, default: []].append(member)
        }
        return order.compactMap { classes[$0] }
    }
}
