import CGygesKernels

/// How the channels of a head form the pairs that rotary embedding rotates.
public enum RotaryLayout: Sendable, Equatable {
    /// Channel `i` with `i + d/2` (transformers, GPT-NeoX).
    case halves
    /// Channel `2i` with `2i + 1` (the paper's own, and Llama files in GGUF).
    case pairs
}

/// Rotates the channel pairs of each head by its row's angles, in place (Su et al. 2021).
///
/// - Parameters:
///   - x: Rows `rowStride` floats apart, each with `headCount` heads of `headDimension` from `headOffset` on.
///   - rotaryDimension: The first channels of a head that are rotated; even.
///   - cosines: `[rows, rotaryDimension / 2]`, as `sines`.
public func rotate(
    _ x: inout MutableSpan<Float>, rowStride: Int, headOffset: Int, headCount: Int, headDimension: Int,
    rotaryDimension: Int, cosines: Span<Float>, sines: Span<Float>, layout: RotaryLayout, team: ThreadTeam
) {
    guard x.count > 0 else { return }
    let rows = x.count / rowStride
    let pairs = rotaryDimension / 2
    expect(
        rowStride > 0 && x.count == rows * rowStride && headOffset + headCount * headDimension <= rowStride
            && rotaryDimension <= headDimension && cosines.count == rows * pairs && sines.count == cosines.count,
        "rotate: shapes do not agree")
    guard pairs > 0 else { return }
    let kernel = team.instructionSet.kernels.pointee.vector.rotate
    sines.withUnsafeBufferPointer { sines in
        withPointers(cosines, &x) { cosines, x in
            team.run(over: rows, minimum: max(1, (1 << 14) / (headCount * rotaryDimension))) { part in
                kernel(
                    x.baseAddress! + part.lowerBound * rowStride + headOffset, rowStride, part.count, headCount,
                    headDimension, pairs, layout == .pairs ? 1 : 0, cosines.baseAddress! + part.lowerBound * pairs,
                    sines.baseAddress! + part.lowerBound * pairs)
            }
        }
    }
}
