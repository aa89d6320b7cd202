/// Models whose tokens spell text.
extension TokenizerDefinition {
    /// The maximum length of a token in bytes, so that the time of a text is linear in its length.
    private static let spellingLimit = 512

    /// Makes the model of ``model``, unless that is byte-level.
    func pieceModel(
        _ spellings: TokenTable, _ merger: PieceMerger, unknown: Int32?, _ problems: inout Problems
    ) -> (any PieceModel)? {
        if model != .bytePairs, spellings.longest > Self.spellingLimit {
            problems.add("a token has \(spellings.longest) bytes; at most \(Self.spellingLimit) are supported")
            return nil
        }
        switch model {
        case .bytePairs: return nil
        case .wordPieces(let prefix, let characterLimit):
            guard let unknown else {
                problems.add("no unknown token is named, which WordPiece cannot do without")
                return nil
            }
            return WordPieces(
                vocabulary: spellings, unknownToken: unknown, prefix: Array(prefix.utf8), characterLimit: characterLimit
            )
        case .characterPairs(let spellsBytes, let fusesUnknown):
            return CharacterPairs(
                vocabulary: spellings, merger: merger, byteTokens: spellsBytes ? byteTokens(spellings, &problems) : [],
                unknownToken: unknown, fusesUnknown: fusesUnknown, ignoresMerges: ignoresMerges)
        case .unigram(let spellsBytes):
            guard let unknown else {
                problems.add("no unknown token is named, which a unigram model cannot do without")
                return nil
            }
            var ordered = [Double](repeating: 0, count: spellings.count)
            for (id, score) in zip(ids, scores) { ordered[id] = score }
            return UnigramPieces(
                vocabulary: spellings, prefixes: PrefixTree(spellings), scores: FrozenBuffer(ordered),
                unknownToken: unknown, unknownScore: (scores.min() ?? 0) - UnigramPieces.unknownPenalty,
                byteTokens: spellsBytes ? byteTokens(spellings, &problems) : [])
        }
    }

    /// The tokens of the 256 bytes, or none if the vocabulary has none of them.
    private func byteTokens(_ spellings: TokenTable, _ problems: inout Problems) -> [Int32] {
        var found = [Int32](repeating: -1, count: 256)
        for id in 0..<spellings.count {
            if let byte = TokenDecoding.byte(spellings.bytes(of: id)) { found[Int(byte)] = Int32(id) }
        }
        let missing = found.count { $0 < 0 }
        if missing == 256 { return [] }
        if missing > 0 { problems.add("the vocabulary has tokens for some bytes, but lacks \(missing)") }
        return missing > 0 ? [] : found
    }

    /// The merges that SentencePiece makes: any two tokens that are one together, the most likely one first.
    func scoredMerges(_ table: TokenTable) -> [(pair: UInt64, merge: MergeTable.Merge)] {
        let order = zip(ids, scores).sorted { $0.1 != $1.1 ? $0.1 > $1.1 : $0.0 < $1.0 }
        var merges: [(pair: UInt64, merge: MergeTable.Merge)] = []
        for (rank, entry) in order.enumerated() where table.canBeFound(entry.0) {
            let text = table.bytes(of: entry.0)
            guard let base = text.baseAddress, text.count <= Self.spellingLimit else { continue }
            var middle = decodeScalar(base).width
            while middle < text.count {
                if let left = table.id(of: base, middle), let right = table.id(of: base + middle, text.count - middle) {
                    merges.append((MergeTable.pair(left, right), UInt64(rank) << 32 | UInt64(entry.0)))
                }
                middle += decodeScalar(base + middle).width
            }
        }
        return merges
    }

    /// What the tokens of a table stand for in the midst of a text; text is not encoded by it.
    func texts(of spellings: TokenTable, seed: UInt64) -> TokenTable {
        var bytes: [UInt8] = []
        var offsets: [UInt32] = [0]
        for id in 0..<spellings.count {
            let spelling = spellings.bytes(of: id)
            if !spelling.isEmpty {
                bytes += decoding.text(of: String(decoding: spelling, as: UTF8.self), isFirst: false)
            }
            offsets.append(UInt32(bytes.count))
        }
        let none = [Bool](repeating: false, count: spellings.count)
        return TokenTable.make(bytes: bytes, offsets: offsets, isFindable: none, seed: seed, duplicateLimit: 0).table
    }

    /// Adds a merge written as two parts with one space between; returns whether it is.
    mutating func appendMerge(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let space = line.firstIndex(of: UInt8(ascii: " ")), space > 0, space + 1 < line.count,
            !line[(space + 1)...].contains(UInt8(ascii: " "))
        else { return false }
        mergeParts.append(UnsafeBufferPointer(rebasing: line[..<space]))
        mergeParts.append(UnsafeBufferPointer(rebasing: line[(space + 1)...]))
        return true
    }
}
