/// What a tape keeps of an activation: the elements, until they are consumed, and where their gradient gathers.
public final class Recorded {
    private var activation: Activation?
    /// `nil` where nothing that is trained lies before the activation.
    let slot: GradientSlot?

    init(_ activation: Activation, slot: GradientSlot?) {
        self.activation = activation
        self.slot = slot
    }

    /// The activation, to be read only: pullbacks may keep it.
    var value: Activation {
        guard let activation else { fatalError("an activation is used after it was consumed") }
        return activation
    }

    /// The activation for its consumer alone, to be overwritten: a copy, if a pullback keeps it.
    func takeOwned(from pool: ActivationPool) -> Activation {
        if !isKnownUniquelyReferenced(&activation) { activation = activation?.copied(to: pool) }
        defer { activation = nil }
        return value
    }
}

extension Tensor<Recorded> {
    init(_ recorded: Recorded) {
        self.init(recorded, rows: recorded.value.rows, columns: recorded.value.columns)
    }

    /// The elements, row after row, to be read while the tensor lives.
    public var elements: UnsafeBufferPointer<Float> { .init(storage.value.elements) }
}

/// Where the gradient of one activation gathers from all its uses.
///
/// A gradient that comes whole is shared and not copied, as both terms of a sum get the same; it is copied when something is added to what
/// is shared.
final class GradientSlot {
    private var gradient: Activation?

    /// The gradient, which ends here; `nil` if nothing was added.
    func take() -> Activation? {
        defer { gradient = nil }
        return gradient
    }

    /// Adds a gradient that nobody overwrites any more.
    func add(_ addend: Activation, in pool: ActivationPool) {
        guard gradient != nil else {
            gradient = addend
            return
        }
        add(in: pool, rows: addend.rows, columns: addend.columns) { sum, _ in
            for index in sum.elements.indices { sum.elements[index] += addend.elements[index] }
        }
    }

    /// Calls `body` with memory for the gradient, and whether to add to what is there or to overwrite it.
    func add(in pool: ActivationPool, rows: Int, columns: Int, _ body: (Activation, Bool) -> Void) {
        guard gradient != nil else {
            let new = Activation(rows: rows, columns: columns, pool: pool)
            body(new, false)
            gradient = new
            return
        }
        if !isKnownUniquelyReferenced(&gradient) { gradient = gradient?.copied(to: pool) }
        if let gradient { body(gradient, true) }
    }
}

extension Activation {
    func copied(to pool: ActivationPool) -> Activation {
        let copy = Activation(rows: rows, columns: columns, pool: pool)
        _ = copy.elements.update(fromContentsOf: elements)
        return copy
    }
}
