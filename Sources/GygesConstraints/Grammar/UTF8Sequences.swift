/// Ranges of code points as ranges of the bytes of UTF-8.
enum UTF8Sequences {
    /// Sequences of byte ranges that together take exactly the code points of `range`, without surrogates.
    ///
    /// The method is that of Cox's RE2 and Gallant's `utf8-ranges`: split where the length changes and where the
    /// continuation bytes of both ends do not cover their whole range.
    static func covering(_ range: ClosedRange<UInt32>) -> [[ClosedRange<UInt8>]] {
        var found: [[ClosedRange<UInt8>]] = []
        var pending = [(range.lowerBound, min(range.upperBound, 0x10FFFF))]
        while let (low, high) = pending.popLast() {
            guard low <= high else { continue }
            if low <= 0xDFFF, high >= 0xD800 {
                if high > 0xDFFF { pending.append((0xE000, high)) }
                if low < 0xD800 { pending.append((low, 0xD7FF)) }
            } else if let (first, second) = split(low, high) {
                pending += [second, first]
            } else {
                found.append(zip(bytes(low), bytes(high)).map { $0...$1 })
            }
        }
        return found
    }

    private static func split(_ low: UInt32, _ high: UInt32) -> ((UInt32, UInt32), (UInt32, UInt32))? {
        for last: UInt32 in [0x7F, 0x7FF, 0xFFFF] where low <= last && last < high {
            return ((low, last), (last + 1, high))
        }
        guard high > 0x7F else { return nil }
        for position: UInt32 in 1...3 {
            let mask: UInt32 = 1 << (6 * position) - 1
            guard low & ~mask != high & ~mask else { continue }
            if low & mask != 0 { return ((low, low | mask), ((low | mask) + 1, high)) }
            if high & mask != mask { return ((low, (high & ~mask) - 1), (high & ~mask, high)) }
        }
        return nil
    }

    private static func bytes(_ codePoint: UInt32) -> [UInt8] {
        Unicode.Scalar(codePoint).map { Array(UTF8.encode($0) ?? .init()) } ?? []
    }
}

/// Sets of code points as sorted ranges that do not touch.
enum ScalarRanges {
    /// Every character.
    static let all: [ClosedRange<UInt32>] = [0...0x10FFFF]

    /// Sorts and joins ranges.
    static func normalised(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
        var joined: [ClosedRange<UInt32>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = joined.last, range.lowerBound <= last.upperBound + 1 {
                joined[joined.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                joined.append(range)
            }
        }
        return joined
    }

    /// What is not in the ranges.
    static func complement(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
        var rest: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in normalised(ranges) {
            if range.lowerBound > next { rest.append(next...(range.lowerBound - 1)) }
            next = range.upperBound + 1
        }
        if next <= 0x10FFFF { rest.append(next...0x10FFFF) }
        return rest
    }

    /// What is in the ranges and not in `others`.
    static func subtracting(_ others: [ClosedRange<UInt32>], from ranges: [ClosedRange<UInt32>])
        -> [ClosedRange<UInt32>]
    {
        complement(complement(ranges) + others)
    }

    /// What is in both; each sorted, as ``normalised(_:)`` makes them.
    static func intersecting(_ a: [ClosedRange<UInt32>], _ b: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
        var common: [ClosedRange<UInt32>] = []
        var (first, second) = (a[...], b[...])
        while let x = first.first, let y = second.first {
            let low = max(x.lowerBound, y.lowerBound)
            let high = min(x.upperBound, y.upperBound)
            if low <= high { common.append(low...high) }
            if x.upperBound < y.upperBound { first.removeFirst() } else { second.removeFirst() }
        }
        return common
    }
}
