/// Measures how fast a team reads memory, which is what bounds the decoding of a single sequence.
///
/// Reads a buffer far larger than any cache, laid out as weights are, several times and takes the time in the middle: on
/// shared machines single passes vary by a third.
/// - Parameters:
///   - byteCount: The size of the buffer, rounded down to whole mebibytes; at least one.
///   - passes: How often it is read.
/// - Returns: Bytes a second.
public func measureReadBandwidth(team: ThreadTeam, byteCount: Int = 512 << 20, passes: Int = 8) -> Double {
    let partLength = 1 << 20
    let partCount = max(1, byteCount / partLength)
    let memory = allocateForStreaming(byteCount: partCount * partLength)
    defer { memory.deallocate() }
    // Written by the threads that will read it, as weights are, and so that every page exists.
    nonisolated(unsafe) let base = memory.baseAddress!  // Never empty.
    team.run(parts: partCount) { part in
        (base + part * partLength).initializeMemory(
            as: UInt8.self, repeating: UInt8(truncatingIfNeeded: part), count: partLength)
    }
    let words = UnsafeMutableBufferPointer<UInt64>.allocate(capacity: partCount)
    defer { words.deallocate() }
    nonisolated(unsafe) let results = words
    var times: [Double] = []
    for _ in 0..<max(1, passes) {
        let start = ContinuousClock.now
        team.run(parts: partCount) { part in
            results[part] = exclusiveOr(UnsafeRawPointer(base + part * partLength), byteCount: partLength)
        }
        times.append(start.duration(to: .now) / .seconds(1))
    }
    // The results are looked at, so that reading cannot be left out.
    let total = words.reduce(0, &+)
    return total == 1 ? 0 : Double(partCount * partLength) / times.sorted()[times.count / 2]
}

/// The exclusive or of all words, folded to one; four chains, so that it waits for memory only.
private func exclusiveOr(_ bytes: UnsafeRawPointer, byteCount: Int) -> UInt64 {
    var sums = (SIMD8<UInt64>.zero, SIMD8<UInt64>.zero, SIMD8<UInt64>.zero, SIMD8<UInt64>.zero)
    for offset in stride(from: 0, to: byteCount, by: 256) {
        sums.0 ^= bytes.load(fromByteOffset: offset, as: SIMD8<UInt64>.self)
        sums.1 ^= bytes.load(fromByteOffset: offset + 64, as: SIMD8<UInt64>.self)
        sums.2 ^= bytes.load(fromByteOffset: offset + 128, as: SIMD8<UInt64>.self)
        sums.3 ^= bytes.load(fromByteOffset: offset + 192, as: SIMD8<UInt64>.self)
    }
    let sum = (sums.0 ^ sums.1) ^ (sums.2 ^ sums.3)
    return sum.wrappedSum()
}
