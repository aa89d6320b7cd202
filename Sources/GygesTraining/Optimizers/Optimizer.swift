public import GygesKernels
public import GygesTensors

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Changes a model's parameters by their gradients, step by step.
///
/// Each tensor is read and written once a step; clipping and division by the number of tokens are part of that pass. Results
/// do not depend on the number of threads. Not `Sendable`: it belongs to the thread that trains.
public final class Optimizer {
    /// A parameter with what belongs to it.
    private struct Member {
        var parameter: TrainedParameter
        var learningRateFactor: Double
        var weightDecay: Double
        var moments: [MomentTensor]
    }

    /// How the optimizer works.
    public private(set) var settings: OptimizerSettings
    /// The steps made so far.
    public private(set) var stepCount = 0
    private var members: [Member] = []
    /// Of all parameters, frozen ones included.
    private let paths: [ParameterPath]
    private let team: ThreadTeam
    /// How many layers the model has, as far as it is trained: what layer-wise decay counts from.
    private let layerCount: Int

    /// An optimizer of parameters, in the order of their paths; frozen ones are left out.
    ///
    /// - Throws: ``SettingsError`` as ``OptimizerSettings/check(against:)``.
    public init(
        _ settings: OptimizerSettings, of parameters: [TrainedParameter], team: ThreadTeam
    ) throws(SettingsError) {
        paths = parameters.map(\.path)
        try settings.check(against: paths)
        self.settings = settings
        self.team = team
        layerCount = parameters.reduce(0) { count, parameter in
            let parts = parameter.path.components
            guard parts.first == "layers", parts.count > 1, let layer = Int(parts[1]) else { return count }
            return max(count, layer + 1)
        }
        for parameter in parameters.sorted(by: { $0.path < $1.path }) where !settings.isFrozen(parameter.path) {
            let moments = settings.rule.momentKinds.map {
                MomentTensor(parameter.path, $0, count: parameter.values.count, format: settings.moments)
            }
            members.append(
                Member(
                    parameter: parameter,
                    learningRateFactor: settings.learningRateFactor(of: parameter.path, layerCount: layerCount),
                    weightDecay: settings.decay(of: parameter), moments: moments))
        }
    }

    /// What is remembered of all parameters, in the order of their paths: with ``stepCount`` all that a checkpoint needs.
    public var moments: [MomentTensor] { members.flatMap(\.moments) }

    /// Goes on where another optimizer of the same settings stood.
    ///
    /// - Parameters:
    ///   - stepCount: The steps that it had made.
    ///   - fill: Writes what it remembered. If it throws, this optimizer is of no further use.
    public func restore<Failure: Error>(
        stepCount: Int, fill: (MomentTensor) throws(Failure) -> Void
    ) throws(Failure) {
        for moment in moments { try fill(moment) }
        self.stepCount = stepCount
    }

    /// Goes on with other settings, as the next phase of a run does; moments and the count of steps stay.
    ///
    /// - Throws: ``SettingsError`` if they are wrong by themselves, or do not fit what is remembered: another rule, other
    ///   moments, other frozen parameters.
    public func change(to new: OptimizerSettings) throws(SettingsError) {
        try new.check(against: paths)
        var check = SettingsCheck()
        check.expect(
            new.rule.momentKinds == settings.rule.momentKinds && new.moments == settings.moments, "optimizer",
            "remembers other moments than the phase before; keep its name, its momentum and the format of its moments")
        check.expect(
            paths.allSatisfy { new.isFrozen($0) == settings.isFrozen($0) }, "optimizer.groups",
            "freeze other parameters than the phase before; give them learning_rate_factor instead")
        try check.finish()
        settings = new
        for index in members.indices {
            let parameter = members[index].parameter
            members[index].learningRateFactor = new.learningRateFactor(of: parameter.path, layerCount: layerCount)
            members[index].weightDecay = new.decay(of: parameter)
        }
    }

    /// Makes a step.
    ///
    /// - Parameters:
    ///   - learningRate: Of this step, before the factors of groups.
    ///   - gradientScale: What all gradients are multiplied by: one over the number of supervised tokens of the whole step, where
    ///     they are sums over micro-batches.
    /// - Throws: ``OptimizerError`` if a gradient is not finite; nothing has been changed then.
    /// - Complexity: O(parameters), at the speed of memory; StableAdamW reads gradients and second moments once more.
    @discardableResult
    public func step(learningRate: Double, gradientScale: Double = 1) throws(OptimizerError) -> OptimizerStep {
        let sums = members.map { sumOfSquares(UnsafeBufferPointer($0.parameter.gradient).span, team: team) }
        let norm = sums.reduce(0, +).squareRoot() * gradientScale
        guard norm.isFinite else {
            let paths = zip(members, sums).filter { !$1.isFinite }.map(\.0.parameter.path)
            throw OptimizerError(step: stepCount + 1, paths: paths)
        }
        // The same margin as `torch.nn.utils.clip_grad_norm_`.
        let clipping = settings.maximumGradientNorm.map { min(1, $0 / (norm + 1e-6)) } ?? 1
        stepCount += 1
        let bits = KeyedBits(seed: UInt64(stepCount))
        for (index, member) in members.enumerated() {
            let numbers = StepNumbers(
                learningRate: learningRate * member.learningRateFactor,
                peak: settings.learningRate * member.learningRateFactor, decay: member.weightDecay,
                gradientScale: Float(gradientScale * clipping),
                key: UInt32(truncatingIfNeeded: bits.bits(at: UInt64(index)))
            )
            change(member, numbers)
        }
        return OptimizerStep(
            gradientNorm: norm, clipping: clipping,
            untouched: zip(members, sums).filter { $1 == 0 }.map(\.0.parameter.path))
    }

    /// What a step of one parameter goes by.
    private struct StepNumbers {
        var learningRate: Double
        var peak: Double
        var decay: Double
        var gradientScale: Float
        var key: UInt32
    }

    /// What is left of a parameter that decays.
    private func remainder(_ numbers: StepNumbers, learningRate: Double) -> Float {
        switch settings.decayStyle {
        case .decoupled: Float(1 - learningRate * numbers.decay)
        case .fullyDecoupled: Float(1 - learningRate / numbers.peak * numbers.decay)
        case .penalty: 1
        }
    }

    private func change(_ member: Member, _ numbers: StepNumbers) {
        switch settings.rule {
        case .adamW(let beta1, let beta2, let epsilon):
            let correction1 = 1 - pow(beta1, Double(stepCount)), correction2 = 1 - pow(beta2, Double(stepCount))
            var step = adamStep(beta1, beta2, epsilon, numbers)
            step.rate = Float(numbers.learningRate / correction1)
            step.rootScale = Float(1 / correction2.squareRoot())
            step.decay = remainder(numbers, learningRate: numbers.learningRate)
            change(member, by: step)
        case .stableAdamW(let beta1, let beta2, let epsilon):
            // The correction of bias is part of the betas.
            var step = adamStep(corrected(beta1), corrected(beta2), epsilon, numbers)
            let learningRate = numbers.learningRate / max(1, meanRatio(of: member, by: step).squareRoot())
            step.rate = Float(learningRate)
            step.decay = remainder(numbers, learningRate: learningRate)
            change(member, by: step)
        case .gradientDescent(let momentum, let looksAhead):
            var step = DescentStep(rate: numbers.learningRate)
            step.gradientScale = numbers.gradientScale
            step.momentum = Float(momentum)
            step.looksAhead = looksAhead
            step.penalty = settings.decayStyle == .penalty ? Float(numbers.decay) : 0
            step.decay = remainder(numbers, learningRate: numbers.learningRate)
            step.format = settings.moments
            step.key = numbers.key
            change(member, by: step)
        }
    }

    private func adamStep(_ beta1: Double, _ beta2: Double, _ epsilon: Double, _ numbers: StepNumbers) -> AdamStep {
        var step = AdamStep(beta1: beta1, beta2: beta2, rate: 0, epsilon: epsilon)
        step.gradientScale = numbers.gradientScale
        step.format = settings.moments
        step.key = numbers.key
        return step
    }

    // Spans are made where they are used and nowhere else: the optimizer of Swift 6.3 fails to compile a function that makes
    // them before a `switch`.

    private func change(_ member: Member, by step: AdamStep) {
        var values = member.parameter.values.mutableSpan
        var first = member.moments[0].bytes.mutableBytes, second = member.moments[1].bytes.mutableBytes
        adam(
            step, of: &values, gradient: UnsafeBufferPointer(member.parameter.gradient).span, first: &first,
            second: &second, team: team)
    }

    private func change(_ member: Member, by step: DescentStep) {
        var values = member.parameter.values.mutableSpan
        let memory = member.moments.first?.bytes ?? UnsafeMutableRawBufferPointer(start: nil, count: 0)
        var velocity = memory.mutableBytes
        descend(
            step, of: &values, gradient: UnsafeBufferPointer(member.parameter.gradient).span, velocity: &velocity,
            team: team)
    }

    /// The mean of g² / v over a parameter.
    private func meanRatio(of member: Member, by step: AdamStep) -> Double {
        let gradient = member.parameter.gradient
        let sum = adamRatio(
            step, gradient: UnsafeBufferPointer(gradient).span,
            second: UnsafeRawBufferPointer(member.moments[1].bytes).bytes, team: team)
        return sum / Double(gradient.count)
    }

    /// β(1 - βᵗ⁻¹)/(1 - βᵗ): what an average that is corrected for its bias keeps of itself in this step.
    private func corrected(_ beta: Double) -> Double {
        beta * (1 - pow(beta, Double(stepCount - 1))) / (1 - pow(beta, Double(stepCount)))
    }
}

/// What a step was like.
public struct OptimizerStep: Sendable, Equatable {
    /// The Euclidean norm of all gradients together, scaled and not yet clipped.
    public var gradientNorm: Double
    /// What gradients were multiplied by to clip them; 1 if they were not.
    public var clipping: Double
    /// The parameters whose gradient was zero throughout: the step taught them nothing.
    public var untouched: [ParameterPath]
}

/// Why a step cannot be made.
public struct OptimizerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The number of the step, from 1.
    public var step: Int
    /// The parameters whose gradients are not finite; none if all are and only their norm is not.
    public var paths: [ParameterPath]

    /// The problem and what to do.
    public var description: String {
        let named = paths.prefix(5).map(\.description).joined(separator: ", ")
        let more = paths.count > 5 ? " and \(paths.count - 5) more" : ""
        return "Step \(step): the gradient\(paths.isEmpty ? "s' norm" : " of \(named)\(more)") is not finite. "
            + "Nothing was changed; look at the rows of this step, or lower the learning rate."
    }
}

extension OptimizerRule {
    /// What is remembered of each parameter.
    var momentKinds: [MomentTensor.Kind] {
        switch self {
        case .adamW, .stableAdamW: [.first, .second]
        case .gradientDescent(let momentum, _): momentum == 0 ? [] : [.velocity]
        }
    }
}

extension OptimizerSettings {
    /// λ of a parameter.
    fileprivate func decay(of parameter: TrainedParameter) -> Double {
        let group = group(of: parameter.path)
        if parameter.isVector, group?.decaysVectors != true { return 0 }
        return group?.weightDecay ?? weightDecay
    }
}
