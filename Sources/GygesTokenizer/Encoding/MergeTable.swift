/// The merges of byte-pair encoding: for a pair of neighbouring tokens, how early they merge and into what.
struct MergeTable: Sendable {
    /// A merge as one number, so that the smallest is the earliest: its rank above, the resulting token below.
    typealias Merge = UInt64
    /// The answer for a pair that does not merge; greater than every merge.
    static let none = Merge.max

    private struct Slot: BitwiseCopyable {
        var pair: UInt64
        var merge: Merge
    }

    /// Open addressing; an empty slot holds ``none``.
    private let slots: FrozenBuffer<Slot>
    private let seed: UInt64

    /// Indexes merges given as (pair, merge); the later of two for the same pair counts, as in the reference.
    init(_ merges: [(pair: UInt64, merge: Merge)], seed: UInt64) {
        let slotCount = slotCount(forEntries: merges.count)
        slots = FrozenBuffer(repeating: Slot(pair: 0, merge: Self.none), count: slotCount) { slots in
            for (pair, merge) in merges {
                var slot = Self.hash(pair, seed) & (slotCount - 1)
                while slots[slot].merge != Self.none, slots[slot].pair != pair { slot = (slot + 1) & (slotCount - 1) }
                slots[slot] = Slot(pair: pair, merge: merge)
            }
        }
        self.seed = seed
    }

    /// The key of a pair of tokens.
    @inline(__always)
    static func pair(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    /// How `left` and `right` merge, or ``none``.
    @inline(__always)
    func merge(_ left: Int32, _ right: Int32) -> Merge {
        let pair = Self.pair(left, right)
        let mask = slots.count - 1
        var slot = Self.hash(pair, seed) & mask
        while true {
            let entry = slots.base[slot]
            if entry.merge == Self.none || entry.pair == pair { return entry.merge }
            slot = (slot + 1) & mask
        }
    }

    @inline(__always)
    private static func hash(_ pair: UInt64, _ seed: UInt64) -> Int {
        Int(truncatingIfNeeded: mix(pair ^ seed, 0xE703_7ED1_A0B4_28DB))
    }
}
