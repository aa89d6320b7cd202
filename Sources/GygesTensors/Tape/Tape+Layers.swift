extension Tape {
    /// With ``TapeOptions/recomputesLayers``, keeps the layer's input alone, and computes the rest again in the backward pass.
    public func layer(
        _ index: Int, of x: consuming Value, _ body: @escaping (consuming Value) -> Value
    ) -> Value {
        guard options.recomputesLayers, isRecording else { return body(x) }
        let (input, slot) = (x.storage.value, x.storage.slot)
        // The layer's own parameters may be trained where nothing before it is.
        let output = withoutRecording { body(Tensor(Recorded(input, slot: nil))).storage.value }
        let computed = result(output, hasGradient: true)
        record(computed) { [self] dy in
            let place = GradientSlot()
            recomputing {
                let again = body(Tensor(Recorded(input, slot: place)))
                again.storage.slot?.add(dy, in: pool)
            }
            if let slot, let dx = place.take() { slot.add(dx, in: pool) }
        }
        return Tensor(computed)
    }
}
