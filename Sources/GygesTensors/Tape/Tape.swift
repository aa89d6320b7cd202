public import GygesKernels

/// Records what a formula computes, to differentiate it backwards (reverse-mode automatic differentiation; Griewank & Walther
/// 2008, §3.2).
///
/// An operation computes its result at once, as ``EagerOperations`` does, and leaves a *pullback*: a closure that turns the gradient of
/// the result into those of its arguments and parameters. A pullback keeps the activations that it reads, and nothing else does:
/// an activation goes back to the pool when neither the formula nor any pullback needs it. What no trained parameter lies
/// before has no gradient, and what was computed from such activations alone leaves no pullback.
///
/// A step is: run a model on the tape, end in a loss (``loss(of:_:through:weights:)``) or give gradients of values
/// (``addGradient(_:to:)``), then ``backward()``. Gradients of parameters add to ``gradients``, so that several passes
/// accumulate. Sums have a fixed order: results do not depend on the number of threads. Not `Sendable`: one tape belongs to one
/// thread.
public final class Tape: Operations {
    /// An activation and where its gradient gathers.
    public typealias Storage = Recorded
    /// Trained floats, or frozen weights in any format.
    public typealias Matrix = TapeMatrix
    /// Trained floats, or frozen ones.
    public typealias Vector = TapeVector
    /// Every pass holds whole sequences.
    public typealias Cache = NoCache

    /// The gradients of trained parameters.
    public let gradients: Gradients
    /// How the tape computes.
    public var options: TapeOptions
    /// What decides, together with an adapter's path, which inputs each row of the next pass leaves out; read only with
    /// ``TapeOptions/adapterDropout``.
    public var dropoutSeeds = DropoutSeeds()
    let team: ThreadTeam
    /// A step gives back all that it took, in sizes that the next one takes again.
    let pool = ActivationPool(keeping: .peak)
    /// The pullbacks so far, in the order of the pass.
    private var pullbacks: [() -> Void] = []
    /// Whether operations leave pullbacks.
    private(set) var isRecording = true
    /// Whether what is computed was computed before.
    private(set) var isRecomputing = false
    /// What matmuls with frozen weights read.
    var inputs = Activations()
    /// The last pass's angles: all its layers have the same.
    var angles = RotaryAngleMemory()
    /// How evenly mixtures have chosen their experts since the last ``backward()``.
    public internal(set) var balance = ExpertBalance()

    /// Creates a tape that adds to `gradients` and splits its work over `team`.
    public init(gradients: Gradients, options: TapeOptions = .init(), team: ThreadTeam) {
        self.gradients = gradients
        self.options = options
        self.team = team
    }

    /// Adds to the gradient of an activation, from which ``backward()`` then goes on.
    ///
    /// - Parameter elements: `rows · columns` of them, row after row; there are as many.
    public func addGradient(_ elements: [Float], to x: borrowing Value) {
        guard let slot = x.storage.slot else { return }
        slot.add(in: pool, rows: x.rows, columns: x.columns) { gradient, isAdded in
            guard elements.count == gradient.elements.count else {
                fatalError("a gradient of \(elements.count) elements for \(gradient.elements.count)")
            }
            for index in elements.indices {
                gradient.elements[index] = isAdded ? gradient.elements[index] + elements[index] : elements[index]
            }
        }
    }

    /// The most bytes that activations and their gradients took at a time since ``resetPeak()``.
    public var peakByteCount: Int { pool.peakByteCount }

    /// Begins a new ``peakByteCount``.
    public func resetPeak() { pool.resetPeak() }

    /// Computes the gradients of everything recorded, and forgets it.
    public func backward() {
        runPullbacks()
        finishPass()
    }

    /// Forgets everything recorded without gradients: after an error, or a pass that only measures. A tape that is dropped with a pass
    /// on it keeps its memory.
    public func discard() {
        pullbacks = []
        finishPass()
    }

    private func finishPass() {
        balance = ExpertBalance()
        pool.trim()
    }
}

/// How a tape computes.
public struct TapeOptions: Sendable, Equatable {
    /// What matmuls with trained weights, gradients and attention round their operands to. Sums and everything else are f32.
    public var precision: DensePrecision
    /// Whether a layer keeps its input alone and is computed again in the backward pass (Chen et al. 2016): a third more
    /// computing for a fraction of the memory, and the same bits.
    public var recomputesLayers: Bool
    /// The share of an adapter's inputs that are left out at random; below 1. See ``Tape/dropoutSeed``.
    public var adapterDropout: Float
    /// What the loss of balance of mixtures is multiplied by; 0 for none. See ``ExpertBalance``.
    public var balanceWeight: Float
    /// The most bytes of logits that a loss computes at a time.
    public var logitByteCount: Int

    /// Chooses.
    public init(
        precision: DensePrecision = .float32, recomputesLayers: Bool = false, adapterDropout: Float = 0,
        balanceWeight: Float = 0, logitByteCount: Int = 64 << 20
    ) {
        guard (0..<1) ~= adapterDropout else {
            fatalError("an adapter cannot leave out \(adapterDropout) of its inputs")
        }
        self.precision = precision
        self.recomputesLayers = recomputesLayers
        self.adapterDropout = adapterDropout
        self.balanceWeight = balanceWeight
        self.logitByteCount = logitByteCount
    }
}

/// Keys and values of earlier passes, of which training has none.
public enum NoCache: AttentionCache {
    /// There is none to view.
    public func layer(_ index: Int) -> NoCache { switch self {} }
}

extension Tape {
    /// A new activation and, where something before it is trained, a place for its gradient.
    func result(_ activation: Activation, hasGradient: Bool) -> Recorded {
        Recorded(activation, slot: hasGradient && isRecording ? GradientSlot() : nil)
    }

    /// New memory of undefined content.
    func activation(rows: Int, columns: Int) -> Activation { Activation(rows: rows, columns: columns, pool: pool) }

    /// Leaves a pullback, which gets the gradient of `result`; it is left out where none has reached it.
    func record(_ result: Recorded, _ pullback: @escaping (Activation) -> Void) {
        guard let slot = result.slot else { return }
        pullbacks.append { if let gradient = slot.take() { pullback(gradient) } }
    }

    /// Leaves a pullback that needs no gradient of a result.
    func record(_ pullback: @escaping () -> Void) {
        if isRecording { pullbacks.append(pullback) }
    }

    /// Computes without leaving pullbacks: what is only measured, for which nothing need be kept.
    ///
    /// - Throws: What `body` throws.
    public func withoutRecording<Result: ~Copyable, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let before = isRecording
        isRecording = false
        defer { isRecording = before }
        return try body()
    }

    /// Records what `body` computes once more, apart from everything else, and runs its pullbacks at once.
    func recomputing(_ body: () -> Void) {
        let before = (pullbacks, isRecording, isRecomputing)
        (pullbacks, isRecording, isRecomputing) = ([], true, true)
        body()
        runPullbacks()
        (pullbacks, isRecording, isRecomputing) = before
    }

    /// Runs the pullbacks, the last first. Each is let go of, and what it keeps with it, once it has run.
    private func runPullbacks() {
        while let pullback = pullbacks.popLast() { pullback() }
    }
}
