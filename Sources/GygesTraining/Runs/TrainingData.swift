import GygesFiles
import GygesInference
public import GygesTemplates
import GygesTokenizer

/// The documents of a run: what it learns from, and what is held out.
public struct TrainingData {
    /// What it learns from, in the recipe's order.
    public var sources: [any DocumentStore] = []
    /// What it is measured by; empty if it is not.
    public var heldOut: [any DocumentStore] = []
    /// What was found in files of text, by source.
    public var reports: [(name: String, report: SourceReport)] = []

    /// Reads and tokenises what a recipe names.
    ///
    /// - Parameters:
    ///   - text: The tokenizer and the chat template that are used.
    ///   - clock: The time that templates see.
    ///   - progress: Told which file is being read.
    /// - Throws: `FileError` if files cannot be read or too many rows are broken, or documents to learn from are among those held out;
    ///   ``SettingsError`` if texts would end with a token that there is not.
    public init(
        of recipe: Recipe, for text: TrainingText, clock: TemplateClock = .now, progress: (String) -> Void = { _ in }
    ) throws {
        let ending = try recipe.ending(text.tokenizer)
        var encoder = try Self.encoder(recipe, text, ending: ending, clock)
        let digest = text.tokenizer.vocabularyDigest
        func store(_ source: Recipe.Source, _ reports: inout [(name: String, report: SourceReport)]) throws
            -> any DocumentStore
        {
            var stores: [any DocumentStore] = []
            for path in source.paths {
                progress(path)
                guard let form = source.form else {
                    guard recipe.head == nil else {
                        throw FileError(path, "is tokens without labels", remedy: "Name rows with labels (jsonl).")
                    }
                    if ShardFolder.isThere(path) {
                        stores.append(try ShardFolder.open(path, vocabularyDigest: digest))
                        continue
                    }
                    stores.append(try TokenShard(path: path, vocabularyDigest: digest))
                    continue
                }
                let (builder, report) = try encoder.documents(
                    of: path, form: form, toleratedFaults: recipe.toleratedFaults)
                reports.append((source.name, report))
                stores.append(
                    DocumentTable(
                        builder, name: path, vocabularyCount: text.tokenizer.vocabularyCount, vocabularyDigest: digest)
                )
            }
            return stores.count == 1 ? stores[0] : try JoinedDocuments(stores, name: source.name)
        }
        for source in recipe.sources { sources.append(try store(source, &reports)) }
        guard let evaluation = recipe.evaluation else { return }
        if evaluation.share > 0 {
            for index in sources.indices {
                let (learned, heldOut) = try sources[index].split(holdingOut: evaluation.share, seed: recipe.seed)
                guard heldOut.count > 0, learned.count > 0 else {
                    throw FileError(
                        sources[index].name,
                        "a share of \(evaluation.share) of its \(sources[index].count) documents leaves none on one side",
                        remedy: "Hold out another share, or name files for evaluation.")
                }
                sources[index] = learned
                self.heldOut.append(heldOut)
            }
        } else {
            for source in evaluation.sources { heldOut.append(try store(source, &reports)) }
            try refuseCommonDocuments()
        }
    }

    private static func encoder(
        _ recipe: Recipe, _ text: TrainingText, ending: TextEnding, _ clock: TemplateClock
    ) throws -> RowEncoder {
        if let head = recipe.head {
            let reader = LabelReader(
                head, lengthLimit: recipe.data.packLength, truncatesBeginning: text.truncatesBeginning)
            return try RowEncoder(text.tokenizer, labels: reader)
        }
        return try RowEncoder(text.tokenizer, ending: ending) {
            let template = try text.template.get()
            return try ChatEncoder(
                template.template, for: text.tokenizer, variables: template.variables, clock: clock)
        }
    }

    /// A loss of documents that are learned from says nothing.
    private func refuseCommonDocuments() throws(FileError) {
        for held in heldOut {
            for source in sources {
                let found = try source.duplicates(in: held)
                guard let first = found.first else { continue }
                throw FileError(
                    held.name, at: held.place(of: first),
                    "is also in \(source.name), so that the run would be measured by what it learned"
                        + (found.count > 1 ? " (it is not the only one)" : ""),
                    remedy: "Take it out of one of them, or give a share of the data instead (evaluation.share).")
            }
        }
    }
}

extension Recipe {
    /// What texts end with.
    fileprivate func ending(_ tokenizer: Tokenizer) throws(SettingsError) -> TextEnding {
        switch textEnding {
        case nil: return .declared
        case "none": return .nothing
        case let name?:
            guard let id = tokenizer.id(of: name) else {
                throw SettingsError(problems: [
                    .init(
                        "data.text_end",
                        "is “\(name.legible(limit: 40))”, which is no token of the model; name one, or “none”")
                ])
            }
            return .token(id)
        }
    }
}

extension TokenShard {
    /// Opens a shard of a model's own vocabulary.
    fileprivate convenience init(path: String, vocabularyDigest: String) throws(FileError) {
        try self.init(path: path)
        guard self.vocabularyDigest == vocabularyDigest else {
            throw ShardFolder.otherVocabulary(path)
        }
    }
}
