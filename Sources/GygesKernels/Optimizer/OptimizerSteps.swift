import CGygesKernels

/// How an optimizer keeps its moments.
public enum MomentFormat: String, Sendable, CaseIterable {
    /// 4 bytes a moment.
    case f32
    /// 2 bytes a moment, rounded up or down by chance in proportion to what is cut off, so that changes too small for
    /// bfloat16 add up all the same. Chance follows from a step's key and an element's place alone.
    case bf16

    /// The bytes of a moment.
    public var byteCount: Int { self == .f32 ? 4 : 2 }
}

/// The numbers of a step of Adam and its kin; see ``adam(_:of:gradient:first:second:team:)``.
public struct AdamStep: Sendable, Equatable {
    /// What gradients are multiplied by before anything else.
    public var gradientScale: Float = 1
    /// How much of the gradient goes into the first moment: 1 - beta₁.
    public var firstShare: Float
    /// How much of the second moment stays: beta₂.
    public var secondDecay: Float
    /// How much of the squared gradient goes into the second moment: 1 - beta₂.
    public var secondShare: Float
    /// What the parameter is multiplied by.
    public var decay: Float = 1
    /// What the quotient of the moments is multiplied by: the learning rate, corrected for the bias of the first moment.
    public var rate: Float
    /// What the root of the second moment is multiplied by to correct its bias.
    public var rootScale: Float = 1
    /// What is added to the root.
    public var epsilon: Float
    /// How the moments are kept.
    public var format: MomentFormat = .f32
    /// What chance follows from where moments are rounded: for each tensor and step another number.
    public var key: UInt32 = 0

    /// The numbers of a step that uncorrected betas define; they are rounded to f32 only here.
    public init(beta1: Double, beta2: Double, rate: Double, epsilon: Double) {
        firstShare = Float(1 - beta1)
        secondDecay = Float(beta2)
        secondShare = Float(1 - beta2)
        self.rate = Float(rate)
        self.epsilon = Float(epsilon)
    }

    var kernelStep: GygesAdamStep {
        GygesAdamStep(
            gradient_scale: gradientScale, first_share: firstShare, second_decay: secondDecay,
            second_share: secondShare, decay: decay, rate: rate, root_scale: rootScale, epsilon: epsilon,
            moments: GygesMomentForm(bfloat16: format == .bf16 ? 1 : 0, key: key))
    }
}

/// The numbers of a step of gradient descent; see ``descend(_:of:gradient:velocity:team:)``.
public struct DescentStep: Sendable, Equatable {
    /// What gradients are multiplied by before anything else.
    public var gradientScale: Float = 1
    /// How much of the parameter is added to its gradient: an L2 penalty.
    public var penalty: Float = 0
    /// How much of the velocity stays.
    public var momentum: Float = 0
    /// What the parameter is multiplied by.
    public var decay: Float = 1
    /// The learning rate.
    public var rate: Float
    /// Whether the velocity is looked ahead along (Nesterov).
    public var looksAhead = false
    /// How the velocity is kept.
    public var format: MomentFormat = .f32
    /// What chance follows from where the velocity is rounded: for each tensor and step another number.
    public var key: UInt32 = 0

    /// A step without momentum and decay.
    public init(rate: Double) { self.rate = Float(rate) }

    var kernelStep: GygesDescentStep {
        GygesDescentStep(
            gradient_scale: gradientScale, penalty: penalty, momentum: momentum, decay: decay, rate: rate,
            nesterov: looksAhead ? 1 : 0, moments: GygesMomentForm(bfloat16: format == .bf16 ? 1 : 0, key: key))
    }
}
