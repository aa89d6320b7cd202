import CGygesKernels

/// The bytes that one number of ``checksums(of:team:)`` stands for.
public let checksumPartLength = 1 << 20

/// A number for every mebibyte of `bytes`, the last part being what is left, that damage changes (64 bits; not made to
/// resist intent). The same on every instruction set.
///
/// - Complexity: O(bytes), at the speed of memory, spread over the team.
public func checksums(of bytes: UnsafeRawBufferPointer, team: ThreadTeam) -> [UInt64] {
    guard let base = bytes.baseAddress else { return [] }
    let checksum = team.instructionSet.kernels.pointee.vector.checksum
    let partCount = (bytes.count + checksumPartLength - 1) / checksumPartLength
    return [UInt64](unsafeUninitializedCapacity: partCount) { sums, count in
        nonisolated(unsafe) let sums = sums
        nonisolated(unsafe) let base = base
        team.run(parts: partCount) { part in
            let start = part * checksumPartLength
            let length = min(checksumPartLength, bytes.count - start)
            sums.initializeElement(
                at: part, to: checksum((base + start).assumingMemoryBound(to: UInt8.self), length))
        }
        count = partCount
    }
}
