import CPeaks
import GygesKernels

/// What a processor can multiply and add at most, by the type that is multiplied.
enum Peak: String, CaseIterable, Codable {
    case float32
    case bfloat16
    case int8

    private var code: CInt {
        switch self {
        case .float32: CInt(PEAK_FLOAT32)
        case .bfloat16: CInt(PEAK_BFLOAT16)
        case .int8: CInt(PEAK_INT8)
        }
    }

    /// The instruction whose rate is the peak; `nil` where this processor has none.
    var instruction: String? { peak_instruction(code).map { String(cString: $0) } }

    /// Multiplications and additions a second of all threads of `team` together, over about two milliseconds.
    func measure(team: ThreadTeam) -> Double? {
        let operations = Double(peak_operations(code))
        guard operations > 0 else { return nil }
        // More parts than threads, as the kernels have: a thread that the host slows down takes fewer.
        let parts = team.threadCount * 8
        let passes = UInt64(128e6 / operations)
        let code = code
        let seconds = seconds { team.run(parts: parts) { _ in _ = peak_run(code, passes) } }
        return operations * Double(passes) * Double(parts) / seconds
    }
}

/// Reads memory that no cache holds.
final class MemoryProbe: Sendable {
    private static let partLength = 1 << 20
    private let partCount: Int
    // Written in `init` only.
    nonisolated(unsafe) private let memory: UnsafeMutableRawPointer

    /// Fills a buffer, larger than the last level of any cache, with the threads that will read it.
    init(byteCount: Int = 256 << 20, team: ThreadTeam) {
        partCount = byteCount / Self.partLength
        memory = .allocate(byteCount: partCount * Self.partLength, alignment: 2 << 20)
        adviseLargePages(memory, byteCount: byteCount)
        nonisolated(unsafe) let memory = memory
        team.run(parts: partCount) { part in
            (memory + part * Self.partLength).initializeMemory(
                as: UInt8.self, repeating: UInt8(truncatingIfNeeded: part), count: Self.partLength)
        }
    }

    deinit { memory.deallocate() }

    /// Bytes a second of all threads of `team` together, over about a quarter of the buffer.
    func measure(team: ThreadTeam) -> Double {
        nonisolated(unsafe) let memory = memory
        let seconds = seconds {
            team.run(parts: partCount) { part in
                _ = peak_read(
                    (memory + part * Self.partLength).assumingMemoryBound(to: UInt8.self), Self.partLength)
            }
        }
        return Double(partCount * Self.partLength) / seconds
    }
}

/// How long `work` takes.
func seconds(_ work: () -> Void) -> Double {
    let start = ContinuousClock.now
    work()
    return start.duration(to: .now) / .seconds(1)
}

/// The value in the middle.
func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    guard let last = sorted.last else { return .nan }
    let middle = sorted.count / 2
    return sorted.count % 2 == 1
        ? sorted[middle] : (sorted[middle - 1] + (middle < sorted.count ? sorted[middle] : last)) / 2
}
