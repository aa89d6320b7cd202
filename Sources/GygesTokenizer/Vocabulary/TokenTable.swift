/// The bytes of every token, and the token of given bytes, without a Swift object per token.
package struct TokenTable: Sendable {
    /// The bytes of all tokens in the order of their ids.
    let bytes: FrozenBuffer<UInt8>
    /// Where each token's bytes begin, and where the last one's end.
    let offsets: FrozenBuffer<UInt32>
    /// Open addressing; a slot holds the upper half of the key's hash, and the id plus one below it, or 0 if it is empty.
    private let slots: FrozenBuffer<UInt64>
    /// For each token, whether text can be encoded to it.
    private let isFindable: FrozenBuffer<Bool>
    private let seed: UInt64
    /// The length in bytes of the longest token to which text can be encoded.
    let longest: Int

    /// One more than the largest id.
    var count: Int { offsets.count - 1 }

    /// Lays out tokens.
    ///
    /// - Parameters:
    ///   - bytes: the bytes of all tokens in the order of their ids; fewer than 4 GiB.
    ///   - offsets: where each token begins, and where the last one ends.
    ///   - isFindable: for each token, whether text can be encoded to it. Of tokens with the same bytes the first is found.
    ///   - seed: a random number, so that no file can be made whose tokens share slots.
    /// - Returns: the pairs of findable tokens with the same bytes, at most `duplicateLimit`.
    static func make(
        bytes: [UInt8], offsets: [UInt32], isFindable: [Bool], seed: UInt64, duplicateLimit: Int
    ) -> (table: TokenTable, duplicates: [(Int, Int)]) {
        let bytes = FrozenBuffer(bytes)
        let offsets = FrozenBuffer(offsets)
        var duplicates: [(Int, Int)] = []
        let slots = FrozenBuffer<UInt64>(repeating: 0, count: slotCount(forEntries: isFindable.count)) { slots in
            let mask = slotCount(forEntries: isFindable.count) - 1
            for id in isFindable.indices where isFindable[id] {
                let start = offsets.base[id]
                let token = bytes.base + Int(start)
                let length = Int(offsets.base[id + 1] - start)
                let hash = hashBytes(token, length, seed: seed)
                var slot = Int(truncatingIfNeeded: hash) & mask
                while slots[slot] != 0 {
                    let other = Int(slots[slot] & 0xFFFF_FFFF) - 1
                    if slots[slot] >> 32 == hash >> 32, length == Int(offsets.base[other + 1] - offsets.base[other]),
                        equalBytes(bytes.base + Int(offsets.base[other]), token, length)
                    {
                        if duplicates.count < duplicateLimit { duplicates.append((other, id)) }
                        break
                    }
                    slot = (slot + 1) & mask
                }
                if slots[slot] == 0 { slots[slot] = (hash >> 32) << 32 | UInt64(id + 1) }
            }
        }
        let longest = isFindable.indices.reduce(0) {
            isFindable[$1] ? max($0, Int(offsets.base[$1 + 1] - offsets.base[$1])) : $0
        }
        return (
            TokenTable(
                bytes: bytes, offsets: offsets, slots: slots, isFindable: FrozenBuffer(isFindable), seed: seed,
                longest: longest),
            duplicates
        )
    }

    /// The token whose bytes are `text`, if there is one to which text can be encoded.
    func id(of text: UnsafePointer<UInt8>, _ length: Int) -> Int32? {
        let mask = slots.count - 1
        let hash = hashBytes(text, length, seed: seed)
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots.base[slot] != 0 {
            let entry = slots.base[slot]
            if entry >> 32 == hash >> 32 {
                let id = Int(entry & 0xFFFF_FFFF) - 1
                let start = offsets.base[id]
                if length == Int(offsets.base[id + 1] - start), equalBytes(bytes.base + Int(start), text, length) {
                    return Int32(id)
                }
            }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// As ``id(of:_:)``, looking at the token `expected` first, which saves the search if it is the one.
    ///
    /// `expected` may be any number; of tokens to which text cannot be encoded, none has the bytes of one to which it can.
    func id(of text: UnsafePointer<UInt8>, _ length: Int, expected: Int32) -> Int32? {
        if expected >= 0, Int(expected) < count, isFindable.base[Int(expected)] {
            let token = bytes(of: Int(expected))
            if token.count == length, let base = token.baseAddress, equalBytes(base, text, length) { return expected }
        }
        return id(of: text, length)
    }

    /// Whether text can be encoded to the token `id`, which must be in range.
    func canBeFound(_ id: Int) -> Bool { isFindable.base[id] }

    /// The bytes of the token `id`, which must be in range.
    package func bytes(of id: Int) -> UnsafeBufferPointer<UInt8> {
        let start = offsets.base[id]
        return UnsafeBufferPointer(start: bytes.base + Int(start), count: Int(offsets.base[id + 1] - start))
    }
}

/// The size of an open-addressing table that stays at most half full: a power of two.
func slotCount(forEntries count: Int) -> Int {
    var slots = 16
    while slots < 2 * count { slots *= 2 }
    return slots
}

/// Folds two words by the wide product of wyhash (Wang Yi, https://github.com/wangyi-fudan/wyhash).
@inline(__always)
func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
}

/// A hash of `length` bytes that nobody can foresee who does not know `seed`.
@inline(__always)
func hashBytes(_ bytes: UnsafePointer<UInt8>, _ length: Int, seed: UInt64) -> UInt64 {
    let raw = UnsafeRawPointer(bytes)
    var hash = mix(seed ^ UInt64(truncatingIfNeeded: length), 0xA076_1D64_78BD_642F)
    var index = 0
    while index + 8 <= length {
        hash = mix(hash ^ raw.loadUnaligned(fromByteOffset: index, as: UInt64.self), 0xE703_7ED1_A0B4_28DB)
        index += 8
    }
    var rest: UInt64 = 0
    while index < length {
        rest = rest << 8 | UInt64(bytes[index])
        index += 1
    }
    return mix(hash ^ rest, 0x8EBC_6AF0_9C88_C6E3)
}

@inline(__always)
func equalBytes(_ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    let (a, b) = (UnsafeRawPointer(a), UnsafeRawPointer(b))
    var index = 0
    while index + 8 <= count {
        guard
            a.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                == b.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        else { return false }
        index += 8
    }
    while index < count {
        guard a.load(fromByteOffset: index, as: UInt8.self) == b.load(fromByteOffset: index, as: UInt8.self) else {
            return false
        }
        index += 1
    }
    return true
}
