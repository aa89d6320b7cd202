import GygesFiles

/// What a tokenizer is made of, however the file spells it; checked as a whole before anything is built from it.
struct TokenizerDefinition {
    /// What turns pieces into tokens.
    enum Model: Sendable, Equatable {
        /// Merged pairs of bytes, spelled in the byte alphabet.
        case bytePairs
        /// WordPiece: how spellings begin that continue a word, and how many characters a word may have.
        case wordPieces(prefix: String, characterLimit: Int)
        /// Merged pairs of characters, with tokens spelled `<0x0A>` for the bytes of characters that have none.
        case characterPairs(spellsBytes: Bool, fusesUnknown: Bool)
        /// The likeliest tokens; the same for bytes.
        case unigram(spellsBytes: Bool)
    }

    /// The kind of model; spellings are in the byte alphabet if it is ``Model/bytePairs``, else text.
    var model = Model.bytePairs
    /// The vocabulary's tokens as they are spelled, in any order.
    var tokens = PackedStrings()
    /// The number of each of ``tokens``.
    var ids: [Int] = []
    /// For each of ``tokens``, whether text can be encoded to it; `nil` if to all.
    var isFindable: [Bool]?
    /// The score of each of ``tokens``, if they have one: for pairs of characters in the place of ``mergeParts``.
    var scores: [Double] = []
    /// Left and right parts in turn, earliest merge first, as they are spelled.
    var mergeParts = PackedStrings()
    /// Tokens found in text as it stands, whether or not the vocabulary has them too.
    var addedTokens: [AddedToken] = []
    /// The token for what has none.
    var unknownToken: String?
    var preTokenizer = PreTokenizer()
    var normalizer = TextNormalizer()
    var decoding = TokenDecoding.byteLevel
    var ignoresMerges = false
    var frame = TokenFrame()
    /// How texts are shortened where nobody says otherwise.
    var truncation: Truncation?

    /// The maximum number of tokens; more than four times the largest vocabularies in use.
    static let vocabularyLimit = 1 << 20
    /// How many faults are told at once.
    private static let problemLimit = 8

    static let remedy = "Download the model's files again; if it persists, the file was made wrongly."

    /// What a definition becomes: everything looked up and laid out.
    struct Parts {
        /// The bytes that tokens stand for; text is encoded by them unless there are ``spellings``.
        var table: TokenTable
        /// The tokens as they are spelled, if those are not bytes.
        var spellings: TokenTable?
        var merger: PieceMerger
        var pieceModel: (any PieceModel)?
        var kinds: FrozenBuffer<Tokenizer.Kind.RawValue>
        var definition: TokenizerDefinition
    }

    private var isUnigram: Bool { if case .unigram = model { true } else { false } }

    /// Checks the definition and lays it out.
    ///
    /// - Parameters:
    ///   - path: the file, for errors.
    ///   - place: where in the file the vocabulary stands, for errors.
    func makeParts(path: String, place: String) throws(FileError) -> Parts {
        var problems = Problems()
        let order = vocabularyOrder(&problems)
        try problems.check(path, place)

        let seed = UInt64.random(in: .min ... .max)
        let isBytes = model == .bytePairs
        func write(_ spelling: UnsafeBufferPointer<UInt8>, _ output: UnsafeMutablePointer<UInt8>) -> (Int, Bool) {
            if isBytes { return ByteAlphabet.decode(spelling, into: output) }
            if let base = spelling.baseAddress { output.update(from: base, count: spelling.count) }
            return (spelling.count, true)
        }
        let (table, kinds) = layOut(order, seed: seed, &problems, write: write)
        try problems.check(path, place)

        let merges =
            mergeParts.count == 0 && !scores.isEmpty && !isUnigram
            ? scoredMerges(table) : resolveMerges(table, &problems, write: write)
        let byteTokens =
            isBytes
            ? (0..<256).map { byte in withUnsafePointer(to: UInt8(byte)) { table.id(of: $0, 1) ?? -1 } } : []
        var unknown: Int32?
        if let unknownToken, !isBytes || byteTokens.contains(-1) {
            unknown = id(ofSpelling: unknownToken)
            if unknown == nil { problems.add("the unknown token \"\(unknownToken)\" is not in the vocabulary") }
        }
        for id in frame.tokens + [frame.beginningOfText, frame.endOfText, frame.mask].compactMap(\.self)
        where id < 0 || Int(id) >= table.count {
            problems.add("token \(id) is to frame texts, but the vocabulary's tokens are 0 to \(table.count - 1)")
        }
        try problems.check(path, place)

        let merger = PieceMerger(
            merges: MergeTable(merges, seed: seed), byteTokens: FrozenBuffer(byteTokens), unknownToken: unknown)
        guard !isBytes else {
            return Parts(table: table, merger: merger, kinds: FrozenBuffer(kinds), definition: self)
        }
        let model = pieceModel(table, merger, unknown: unknown, &problems)
        try problems.check(path, place)
        return Parts(
            table: texts(of: table, seed: seed), spellings: table, merger: merger, pieceModel: model,
            kinds: FrozenBuffer(kinds), definition: self)
    }

    /// Keeps text from being encoded to special tokens, which pieces of text may spell.
    mutating func hideSpecialTokens() {
        let special = Set(addedTokens.lazy.filter(\.isSpecial).map { Int($0.id) })
        isFindable = zip(ids, isFindable ?? ids.map { _ in true }).map { $1 && !special.contains($0) }
    }

    /// The number of the token spelled so.
    func id(ofSpelling spelling: String) -> Int32? {
        let bytes = Array(spelling.utf8)
        if let added = addedTokens.first(where: { $0.content.utf8.elementsEqual(bytes) }) { return added.id }
        let index = (0..<tokens.count).first { tokens.bytes[tokens.range($0)].elementsEqual(bytes) }
        return index.flatMap { Int32(exactly: ids[$0]) }
    }

    /// For each number, the index of its token in ``tokens``, or -1 less the index of its added token, or `nil`.
    private func vocabularyOrder(_ problems: inout Problems) -> [Int?] {
        guard tokens.count + addedTokens.count <= Self.vocabularyLimit else {
            problems.add("\(tokens.count + addedTokens.count) tokens; at most \(Self.vocabularyLimit) are supported")
            return []
        }
        guard tokens.bytes.count <= Int(UInt32.max) / 2 else {
            problems.add("the tokens have \(tokens.bytes.count) bytes together")
            return []
        }
        let maximum = max(ids.max() ?? -1, addedTokens.map { Int($0.id) }.max() ?? -1)
        guard maximum >= 0 else {
            problems.add("the vocabulary is empty")
            return []
        }
        guard maximum < Self.vocabularyLimit else {
            problems.add("a token has the number \(maximum); numbers up to \(Self.vocabularyLimit - 1) are supported")
            return []
        }
        var order = [Int?](repeating: nil, count: maximum + 1)
        for (index, id) in ids.enumerated() {
            guard id >= 0 else {
                problems.add("the token \"\(tokens[index])\" has the negative number \(id)")
                continue
            }
            if let other = order[id] {
                problems.add("the tokens \"\(tokens[other])\" and \"\(tokens[index])\" both have the number \(id)")
            } else {
                order[id] = index
            }
        }
        // By bytes: strings are equal when they are canonically equivalent, tokens are not.
        var contents: Set<[UInt8]> = []
        for (index, token) in addedTokens.enumerated() {
            if token.content.isEmpty { problems.add("the added token \(token.id) is empty") }
            if token.content.utf8.count > AddedTokenMatcher.lengthLimit {
                problems.add(
                    "the added token \(token.id) has \(token.content.utf8.count) bytes; "
                        + "at most \(AddedTokenMatcher.lengthLimit) are supported")
            }
            if !contents.insert(Array(token.content.utf8)).inserted {
                problems.add("\"\(token.content)\" is added twice")
            }
            guard token.id >= 0 else {
                problems.add("the added token \"\(token.content)\" has the negative number \(token.id)")
                continue
            }
            switch order[Int(token.id)] {
            case nil: order[Int(token.id)] = -1 - index
            case .some(let other) where other >= 0 && tokens[other].utf8.elementsEqual(token.content.utf8): break
            case .some(let other):
                let content = other >= 0 ? tokens[other] : addedTokens[-1 - other].content
                problems.add("\"\(content)\" and the added token \"\(token.content)\" both have the number \(token.id)")
            }
        }
        return order
    }

    /// Brings the tokens' bytes into the order of their numbers.
    ///
    /// - Parameter write: writes the bytes of a spelling, no more than it has, and returns whether text can be encoded to them.
    private func layOut(
        _ order: [Int?], seed: UInt64, _ problems: inout Problems,
        write: (UnsafeBufferPointer<UInt8>, UnsafeMutablePointer<UInt8>) -> (count: Int, isSpelled: Bool)
    ) -> (TokenTable, [Tokenizer.Kind.RawValue]) {
        // An added token returns what is found, as in the reference from version 0.23 on; which reads it in the byte alphabet,
        // too, and so cannot return an added `é`.
        let contents = order.map { index in index.map { $0 < 0 ? sought(addedTokens[-1 - $0]) : [] } ?? [] }
        let room = contents.reduce(tokens.bytes.count) { $0 + $1.count }
        var offsets: [UInt32] = [0]
        offsets.reserveCapacity(order.count + 1)
        var findable: [Bool] = []
        findable.reserveCapacity(order.count)
        var kinds = [Tokenizer.Kind.RawValue](repeating: 0, count: order.count)
        let bytes = [UInt8](unsafeUninitializedCapacity: max(1, room)) { bytes, count in
            guard let base = bytes.baseAddress else { return }
            tokens.bytes.withUnsafeBufferPointer { spellings in
                for (id, index) in order.enumerated() {
                    if let index, index >= 0 {
                        let spelling = UnsafeBufferPointer(rebasing: spellings[tokens.range(index)])
                        let (length, isSpelled) = write(spelling, base + count)
                        count += length
                        findable.append(isSpelled && !spelling.isEmpty && isFindable?[index] ?? true)
                        kinds[id] = Tokenizer.Kind.defined.rawValue
                    } else {
                        for byte in contents[id] {
                            base[count] = byte
                            count += 1
                        }
                        findable.append(false)
                    }
                    offsets.append(UInt32(count))
                }
            }
        }
        for token in addedTokens {
            kinds[Int(token.id)] |= Tokenizer.Kind.defined.rawValue
            if token.isSpecial { kinds[Int(token.id)] |= Tokenizer.Kind.special.rawValue }
        }
        let (table, duplicates) = TokenTable.make(
            bytes: bytes, offsets: offsets, isFindable: findable, seed: seed, duplicateLimit: Self.problemLimit)
        for (first, second) in duplicates {
            let text = String(decoding: table.bytes(of: first), as: UTF8.self)
            problems.add("tokens \(first) and \(second) are the same, \"\(text)\"")
        }
        return (table, kinds)
    }

    /// What is looked for in text to find `token`.
    func sought(_ token: AddedToken) -> [UInt8] {
        token.isNormalized ? normalizer.normalized(token.content) : Array(token.content.utf8)
    }

    /// Finds the numbers of the merges' parts and results.
    private func resolveMerges(
        _ table: TokenTable, _ problems: inout Problems,
        write: (UnsafeBufferPointer<UInt8>, UnsafeMutablePointer<UInt8>) -> (Int, Bool)
    ) -> [(pair: UInt64, merge: MergeTable.Merge)] {
        var merges: [(pair: UInt64, merge: MergeTable.Merge)] = []
        merges.reserveCapacity(mergeParts.count / 2)
        let longest = (0..<mergeParts.count).reduce(1) { max($0, mergeParts.range($1).count) }
        let text = UnsafeMutablePointer<UInt8>.allocate(capacity: 2 * longest)
        defer { text.deallocate() }
        // In most vocabularies the result of a merge is the token after the result of the merge before.
        var expected: Int32 = 0
        mergeParts.bytes.withUnsafeBufferPointer { spellings in
            for rank in 0..<mergeParts.count / 2 {
                let left = UnsafeBufferPointer(rebasing: spellings[mergeParts.range(2 * rank)])
                let right = UnsafeBufferPointer(rebasing: spellings[mergeParts.range(2 * rank + 1)])
                let (leftCount, isLeftSpelled) = write(left, text)
                let (rightCount, isRightSpelled) = write(right, text + leftCount)
                guard isLeftSpelled, isRightSpelled, let leftID = table.id(of: text, leftCount),
                    let rightID = table.id(of: text + leftCount, rightCount),
                    let whole = table.id(of: text, leftCount + rightCount, expected: expected)
                else {
                    let pair =
                        "\"\(String(decoding: left, as: UTF8.self))\" and \"\(String(decoding: right, as: UTF8.self))\""
                    problems.add("merge \(rank) of \(pair): the vocabulary lacks a part or the result")
                    if problems.isFull { return }
                    continue
                }
                expected = whole + 1
                merges.append((MergeTable.pair(leftID, rightID), UInt64(rank) << 32 | UInt64(whole)))
            }
        }
        return merges
    }

    /// Faults found so far, the first few in words and the rest counted.
    struct Problems {
        private(set) var sentences: [String] = []
        private var more = 0

        var isFull: Bool { more > 0 }

        mutating func add(_ sentence: String) {
            if sentences.count < TokenizerDefinition.problemLimit { sentences.append(sentence) } else { more += 1 }
        }

        func check(_ path: String, _ place: String) throws(FileError) {
            guard !sentences.isEmpty else { return }
            throw FileError(
                path, at: place, problems: sentences + (more > 0 ? ["and \(more) more or others"] : []),
                remedy: TokenizerDefinition.remedy)
        }
    }
}
