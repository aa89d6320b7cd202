import GygesBulk
import GygesFiles
import GygesInference

extension Generate {
    /// Answers every line of the input by a row of the output.
    func answerRows() async throws {
        var defaults = BulkGenerator.Defaults()
        defaults.prompt = try prompting.prompt()
        defaults.form = try constraint.form()
        defaults.maximumTokenCount = sampling.maxTokens
        defaults.stopStrings = sampling.stop
        let reader = try input.reader()
        let total = rows.quiet ? nil : try input.count()
        let model = try options.load(isShown: !rows.quiet)
        defaults.sampling = try sampling.parameters(for: model)
        let generator = try BulkGenerator(model: model, defaults: defaults)
        ConstraintOptions.tell(generator.notes)
        let output = try rows.open(reading: input.paths) { try generator.identity() }
        try await rows.answer(reader, by: output, unit: "rows", total: total, sequences: options.engine.sequences) {
            row, number in
            let answer = try await generator.answer(row, number: number)
            return (answer.bytes, answer.problem)
        }
    }
}
