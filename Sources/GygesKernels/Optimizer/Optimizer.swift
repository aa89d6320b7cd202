import CGygesKernels

/// A step of Adam (Kingma & Ba 2015, https://arxiv.org/abs/1412.6980) over a tensor, everything read and written once:
///
///     g = gradient · gradientScale
///     m = m + firstShare · (g - m)
///     v = secondDecay · v + secondShare · g²
///     parameter = parameter · decay - rate · m / (√v · rootScale + epsilon)
///
/// - Parameters:
///   - gradient: As many elements as `parameter`.
///   - first: The first moments `m`, in `step.format`.
///   - second: The second moments `v`, likewise.
/// - Complexity: O(elements), at the speed of memory, spread over the team.
public func adam(
    _ step: AdamStep, of parameter: inout MutableSpan<Float>, gradient: Span<Float>, first: inout MutableRawSpan,
    second: inout MutableRawSpan, team: ThreadTeam
) {
    let byteCount = step.format.byteCount
    expect(
        gradient.count == parameter.count && first.byteCount == parameter.count * byteCount
            && second.byteCount == first.byteCount, "adam: lengths do not agree")
    let kernel = team.instructionSet.kernels.pointee.optimizer.adam
    first.withUnsafeMutableBytes { first in
        second.withUnsafeMutableBytes { second in
            nonisolated(unsafe) let (first, second) = (first, second)
            withPointers(gradient, &parameter) { gradient, parameter in
                team.run(over: parameter.count, minimum: 1 << 14, multiple: 64) { run in
                    withUnsafePointer(to: step.kernelStep) {
                        let start = run.lowerBound
                        kernel(
                            $0, start, run.count, parameter.baseAddress! + start, gradient.baseAddress! + start,
                            first.baseAddress! + start * byteCount, second.baseAddress! + start * byteCount)
                    }
                }
            }
        }
    }
}

/// Σ g² / max(v, epsilon²) with the second moments `v` that a step of ``adam(_:of:gradient:first:second:team:)`` is going to
/// leave: what StableAdamW divides by the number of elements. NaN if a gradient is not finite.
///
/// - Parameter second: The second moments before the step.
/// - Complexity: O(elements), at the speed of memory, spread over the team.
public func adamRatio(_ step: AdamStep, gradient: Span<Float>, second: RawSpan, team: ThreadTeam) -> Double {
    let byteCount = step.format.byteCount
    expect(second.byteCount == gradient.count * byteCount, "adamRatio: lengths do not agree")
    let kernel = team.instructionSet.kernels.pointee.optimizer.adam_ratio
    return second.withUnsafeBytes { second in
        nonisolated(unsafe) let second = second
        return summed(over: gradient, team: team) { gradient, start, count in
            withUnsafePointer(to: step.kernelStep) {
                kernel($0, count, gradient, second.baseAddress! + start * byteCount)
            }
        }
    }
}

/// A step of gradient descent with momentum over a tensor, everything read and written once:
///
///     g = gradient · gradientScale + penalty · parameter
///     b = momentum · b + g
///     parameter = parameter · decay - rate · (looksAhead ? g + momentum · b : b)
///
/// - Parameters:
///   - gradient: As many elements as `parameter`.
///   - velocity: `b`, in `step.format`; empty if there is no momentum, and `b` is `g`.
/// - Complexity: O(elements), at the speed of memory, spread over the team.
public func descend(
    _ step: DescentStep, of parameter: inout MutableSpan<Float>, gradient: Span<Float>,
    velocity: inout MutableRawSpan, team: ThreadTeam
) {
    let byteCount = step.format.byteCount
    expect(
        gradient.count == parameter.count
            && (step.momentum == 0 && velocity.byteCount == 0 || velocity.byteCount == parameter.count * byteCount),
        "descend: lengths do not agree")
    let kernel = team.instructionSet.kernels.pointee.optimizer.descend
    velocity.withUnsafeMutableBytes { velocity in
        nonisolated(unsafe) let base = velocity.isEmpty ? nil : velocity.baseAddress
        withPointers(gradient, &parameter) { gradient, parameter in
            team.run(over: parameter.count, minimum: 1 << 14, multiple: 64) { run in
                withUnsafePointer(to: step.kernelStep) {
                    let start = run.lowerBound
                    kernel(
                        $0, start, run.count, parameter.baseAddress! + start, gradient.baseAddress! + start,
                        base.map { $0 + start * byteCount })
                }
            }
        }
    }
}

/// Σ x² in double; not finite exactly if an element is not.
///
/// - Complexity: O(elements), at the speed of memory, spread over the team.
public func sumOfSquares(_ x: Span<Float>, team: ThreadTeam) -> Double {
    let kernel = team.instructionSet.kernels.pointee.optimizer.sum_of_squares
    return summed(over: x, team: team) { x, _, count in kernel(x, count) }
}

/// Adds up what `part` makes of stretches of `x` at fixed places, in their order, so that no sum depends on the team.
private func summed(
    over x: Span<Float>, team: ThreadTeam, _ part: (UnsafePointer<Float>, _ start: Int, _ count: Int) -> Double
) -> Double {
    let length = 1 << 16
    let partCount = (x.count + length - 1) / length
    return x.withUnsafeBufferPointer { x in
        guard let base = x.baseAddress else { return 0 }
        let sums = [Double](unsafeUninitializedCapacity: partCount) { sums, initialized in
            nonisolated(unsafe) let (sums, base) = (sums, base)
            team.run(parts: partCount) { index in
                let start = index * length
                sums.initializeElement(at: index, to: part(base + start, start, min(length, x.count - start)))
            }
            initialized = partCount
        }
        return sums.reduce(0, +)
    }
}
