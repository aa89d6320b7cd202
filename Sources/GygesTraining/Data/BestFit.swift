/// Best-fit decreasing (Johnson 1974, https://doi.org/10.1016/S0022-0000(74)80026-7): the longest first, each into the pack with the
/// least room that still holds it, or into a new one.
///
/// - Parameters:
///   - lengths: Of the items, each from 1 to `capacity`.
///   - capacity: Of a pack.
/// - Returns: The numbers of the items of each pack.
/// - Complexity: O(items · (log items + capacity / 64)).
func bestFitPacks(_ lengths: [Int], capacity: Int) -> [[Int]] {
    var packs: [[Int]] = []
    var withRoom = RoomTable(capacity: capacity)
    // Items of one length keep their order, which makes the result one and the same.
    for item in lengths.indices.sorted(by: { (lengths[$1], $0) < (lengths[$0], $1) }) {
        let length = lengths[item]
        if let (pack, room) = withRoom.take(atLeast: length) {
            packs[pack].append(item)
            withRoom.put(pack, room: room - length)
        } else {
            packs.append([item])
            withRoom.put(packs.count - 1, room: capacity - length)
        }
    }
    return packs
}

/// Packs by the room that is left in them.
private struct RoomTable {
    private var packs: [[Int]]
    /// A bit for each room that some pack has.
    private var isPresent: [UInt64]

    init(capacity: Int) {
        packs = Array(repeating: [], count: capacity + 1)
        isPresent = Array(repeating: 0, count: capacity / 64 + 1)
    }

    mutating func put(_ pack: Int, room: Int) {
        guard room > 0 else { return }
        packs[room].append(pack)
        isPresent[room / 64] |= 1 << UInt64(room % 64)
    }

    /// A pack with the least room that is `length` or more.
    mutating func take(atLeast length: Int) -> (pack: Int, room: Int)? {
        var word = length / 64
        guard word < isPresent.count else { return nil }
        var bits = isPresent[word] & ~0 << UInt64(length % 64)
        while bits == 0 {
            word += 1
            guard word < isPresent.count else { return nil }
            bits = isPresent[word]
        }
        let room = word * 64 + bits.trailingZeroBitCount
        guard let pack = packs[room].popLast() else { return nil }
        if packs[room].isEmpty { isPresent[word] &= ~(1 << UInt64(room % 64)) }
        return (pack, room)
    }
}
