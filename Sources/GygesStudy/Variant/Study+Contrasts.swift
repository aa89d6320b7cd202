import GygesAnalysis

extension Study {
    /// The contrasts of all conditions, in the study's order.
    var contrasts: [StatedContrast] {
        get throws(VariantError) {
            try conditions.flatMap { condition in
                (condition.variant.contrasts ?? []).map { contrast in
                    StatedContrast(
                        contrast, condition: condition.id,
                        than: contrast.than.map { "\(condition.scenario.name)/\($0)/\(condition.mode.id)" })
                }
            }
        }
    }
}
