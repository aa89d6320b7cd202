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
        let bar = ProgressBar(.items("rows"), isShown: !rows.quiet)
        defer { bar.finish() }
        let problems = RowProblems(bar)
        // Twice as many as are computed together, so that the engine never waits for a prompt to be read.
        try await output.answer(
            reader, concurrency: options.engine.sequences * 2,
            with: { row, number in
                let answer = try await generator.answer(row, number: number)
                if let problem = answer.problem { problems.note(problem) }
                return answer.bytes
            }, progress: { bar.update("answering", count: $0, of: total) })
        bar.update("answering", count: output.rowCount, of: output.rowCount)
        bar.finish()
        try problems.check()
    }
}
