import CGygesKernels

/// The processor capabilities a kernel is compiled for, in increasing order.
public enum InstructionSet: String, Sendable, CaseIterable, Comparable {
    /// Plain C, the same on every machine.
    case generic
    /// AVX2, FMA and F16C.
    case avx2
    /// AVX-512 F, BW, VL, DQ, VNNI, BF16 and VBMI.
    case avx512

    /// The level every kernel uses unless told otherwise: the best this processor has, or the one that the environment
    /// variable `GYGES_ISA` names (`generic`, `avx2`, `avx512`), read once.
    public static let current = InstructionSet(level: gyges_isa_level())

    /// The levels that can run here, `generic` first.
    public static let supported = allCases.filter { $0.level <= gyges_isa_best() }

    /// Whether `GYGES_ISA` names no level that can run here, so that it was ignored.
    public static let isOverrideRefused = gyges_isa_override_refused() != 0

    /// Orders levels by capability.
    public static func < (left: InstructionSet, right: InstructionSet) -> Bool {
        left.level < right.level
    }

    /// Whether products of bytes take less time than those of as many floats.
    public var hasFastByteProducts: Bool { self == .avx512 }

    /// The kernels of this level.
    ///
    /// - Precondition: this processor supports the level.
    var kernels: UnsafePointer<GygesKernelTable> {
        guard let table = gyges_kernels_at(level) else {
            fatalError("this processor lacks the instruction set \(rawValue)")
        }
        return table
    }

    private var level: CInt {
        switch self {
        case .generic: CInt(GYGES_ISA_GENERIC)
        case .avx2: CInt(GYGES_ISA_AVX2)
        case .avx512: CInt(GYGES_ISA_AVX512)
        }
    }

    private init(level: CInt) {
        switch Int(level) {
        case GYGES_ISA_AVX2: self = .avx2
        case GYGES_ISA_AVX512: self = .avx512
        default: self = .generic
        }
    }
}

/// Counts the changes that gave results other bits on the same instruction set: by the order of sums, say. Whoever keeps
/// results to go on from keeps this number with them.
public let arithmeticRevision = 3
