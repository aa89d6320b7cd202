/// What a model expects around one text, and around two that belong together.
struct TokenFrame: Sendable, Equatable {
    /// A place in a frame.
    enum Part: Sendable, Equatable {
        case token(Int32), first, second
    }

    /// The frame of one text; has ``Part/first`` once.
    var single: [Part] = [.first]
    /// The frame of two texts; has both once.
    var pair: [Part] = [.first, .second]
    /// The segment of each part of ``single``, if the file says so: which of two texts it counts to.
    var singleSegments: [UInt8] = []
    /// The segment of each part of ``pair``, if the file says so.
    var pairSegments: [UInt8] = []
    /// How white space is taken out of tokens' places, if it is.
    var trimming: OffsetTrimming?
    /// The token declared as beginning a text, whether or not it is to be added.
    var beginningOfText: Int32?
    /// The token declared as ending a text or a turn.
    var endOfText: Int32?
    /// The token declared as standing for one to be guessed.
    var mask: Int32?

    /// The tokens before a single text.
    var prefix: [Int32] { single.prefix { $0 != .first }.compactMap(\.token) }
    /// The tokens behind a single text.
    var suffix: [Int32] { single.drop { $0 != .first }.compactMap(\.token) }
    /// All tokens of both frames.
    var tokens: [Int32] { (single + pair).compactMap(\.token) }

    /// The parts for one text or two.
    func parts(isPair: Bool) -> [Part] { isPair ? pair : single }

    /// The segment of each part for one text or two; the second text is the second segment unless it is said otherwise.
    func segments(isPair: Bool) -> [UInt8] {
        let parts = parts(isPair: isPair)
        let stated = isPair ? pairSegments : singleSegments
        return stated.count == parts.count ? stated : parts.map { $0 == .second ? 1 : 0 }
    }

    /// How many tokens the frame adds.
    func addedCount(isPair: Bool) -> Int { parts(isPair: isPair).count - (isPair ? 2 : 1) }
}

extension TokenFrame.Part {
    /// The token that stands here, if none of the texts does.
    var token: Int32? { if case .token(let id) = self { id } else { nil } }
}

/// That tokens' places leave out white space at their ends, as the post-processors `ByteLevel` and `RobertaProcessing` do.
struct OffsetTrimming: Sendable, Equatable {
    /// Whether a space before the first token is taken for one that was put there and has no place.
    var addsPrefixSpace: Bool
}
