import GygesFiles
import GygesTensors

extension TrainingModel {
    /// Fills the parameters with the mean of some checkpoints of a run, as ModernBERT-base is that of its best and its last (Warner et al.
    /// 2024, appendix A.4); with one, the model of its step.
    ///
    /// - Parameters:
    ///   - folder: The run's.
    ///   - objective: This model's, of the run's recipe.
    ///   - steps: Those of the checkpoints, each once.
    /// - Returns: The objective as it was at the last of these steps, by which the model is written: with the rotary base of its phase.
    /// - Throws: `FileError` if a checkpoint is not there, or damaged, or of another model.
    /// - Complexity: The memory of one more copy of the trained parameters, in f64.
    func average(
        _ steps: [Int], ofRunIn folder: String, by recipe: Recipe, into objective: any TrainingObjective
    ) throws(FileError) -> any TrainingObjective {
        let checkpoints = CheckpointFolder(path: folder + "/checkpoints", limit: 1)
        let trained = objective.trained
        var sums = trained.map { [Double](repeating: 0, count: $0.buffer.elements.count) }
        var phase = 0
        for step in steps {
            guard checkpoints.steps.contains(step) else {
                let there = checkpoints.steps.map(String.init).joined(separator: ", ")
                throw FileError(
                    folder, "has no checkpoint of step \(step)",
                    remedy: there.isEmpty ? "It has none." : "It has those of \(there).")
            }
            let checkpoint = try Checkpoint(path: checkpoints.path(ofStep: step))
            try checkpoint.fill(objective)
            phase = max(phase, checkpoint.state.phase)
            for (index, parameter) in trained.enumerated() {
                for (place, value) in parameter.buffer.elements.enumerated() { sums[index][place] += Double(value) }
            }
        }
        for (index, parameter) in trained.enumerated() {
            for place in parameter.buffer.elements.indices {
                parameter.buffer.elements[place] = Float(sums[index][place] / Double(steps.count))
            }
        }
        var last = objective
        for earlier in recipe.plan.phases[...min(phase, recipe.plan.phases.count - 1)] {
            if let base = earlier.rotaryBase { try last.change(toRotaryBase: base) }
        }
        return last
    }
}
