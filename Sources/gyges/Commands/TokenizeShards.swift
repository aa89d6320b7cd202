import ArgumentParser
import GygesFiles
import GygesInference
import GygesTemplates
import GygesTokenizer
import GygesTraining

/// What `gyges tokenize --shards` is given beside a model and files.
struct ShardOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Write the documents of files as shards of tokens to a new folder, for training.", valueName: "folder"))
    var shards: String?

    @Option(
        help: ArgumentHelp(
            "How texts stand in files that do not end in .jsonl: \(Self.textForms).", valueName: "form"))
    var form: String?

    @Option(
        help: ArgumentHelp(
            "The token behind every text, as it is spelled, or 'none'; the declared one by itself.", valueName: "token")
    )
    var textEnd: String?

    @Option(help: ArgumentHelp("The most tokens of a shard; they wait in memory.", valueName: "count"))
    var shardTokens = 1 << 25

    @Option(
        help: ArgumentHelp("The share of a file's rows that may be broken and are left out then.", valueName: "share"))
    var toleratedFaults = 0.0

    @Flag(help: "Show no progress.")
    var quiet = false

    private static let textForms = SourceForm.allCases.filter { $0 != .jsonLines }.map(\.rawValue)
        .joined(separator: ", ")

    func validate() throws {
        guard shards != nil else {
            guard form == nil, textEnd == nil, shardTokens == 1 << 25, toleratedFaults == 0 else {
                throw ValidationError("--form, --text-end, --shard-tokens and --tolerated-faults need --shards.")
            }
            return
        }
        if let form, SourceForm(rawValue: form) == nil {
            throw ValidationError("--form must be jsonl, \(Self.textForms).")
        }
        guard (1...1 << 31).contains(shardTokens) else {
            throw ValidationError("--shard-tokens must be a number from 1 to \(1 << 31).")
        }
        guard (0..<1).contains(toleratedFaults) else {
            throw ValidationError("--tolerated-faults must be a share from 0 to below 1.")
        }
    }

    /// How a file's documents stand in it.
    ///
    /// - Throws: `ValidationError` if nobody says.
    func form(of path: String) throws -> SourceForm {
        if let form = form.flatMap(SourceForm.init) { return RowReader.isJSON(path: path) ? .jsonLines : form }
        guard RowReader.isJSON(path: path) else {
            throw ValidationError("--form must say how texts stand in \(path): \(Self.textForms).")
        }
        return .jsonLines
    }

    /// What is put behind texts.
    fileprivate func ending(_ tokenizer: Tokenizer) throws -> TextEnding {
        guard let textEnd else { return .declared }
        if textEnd == "none" { return .nothing }
        guard let token = tokenizer.id(of: textEnd) else {
            throw ValidationError("--text-end: '\(textEnd)' is no token of the model.")
        }
        return .token(token)
    }
}

extension Tokenize {
    /// Writes the documents of all files to a folder of shards.
    func writeShards(to folder: String) throws {
        let start = ContinuousClock.now
        let forms = try input.map { try sharding.form(of: $0) }
        let path = try locateModel(model)
        let tokenizer = try Tokenizer(path: path, preTokenizer: textOptions.tokenizerPre)
        let bar = ProgressBar(.items("tokens"), isShown: !sharding.quiet)
        defer { bar.finish() }
        var summary = ShardSummary()
        var problem: String?
        var encoder = try rowEncoder(tokenizer, readsChats: forms.contains(.jsonLines), path, &problem)
        // Why conversations cannot be read matters where rows are refused, and nowhere else.
        defer { if let problem, !summary.isSound { bar.remark("gyges: no conversation can be read: \(problem)") } }
        let writer = try ShardWriter(
            folder: folder, tokenLimit: sharding.shardTokens, vocabularyCount: tokenizer.vocabularyCount,
            vocabularyDigest: tokenizer.vocabularyDigest)
        for (path, form) in zip(input, forms) {
            if path == "-" { Input.explainTerminal(wanted: "the texts") }
            let report = try encoder.read(path, form: form, toleratedFaults: sharding.toleratedFaults) {
                document, _ throws(FileError) in
                try writer.append(document)
                summary.supervision.add(document.supervisedCount)
                summary.tokenCount += document.tokens.count
                bar.update("tokenizing", count: summary.tokenCount, of: nil)
            }
            summary.sources.append((path, form, report))
        }
        summary.shards = try writer.finish(sources: summary.sources.map(ShardSummary.json))
        bar.finish()
        for (path, _, report) in summary.sources where report.faultCount > 0 {
            let first = report.faults.first.map { ", the first at \($0.place): \($0.problems.joined(separator: "; "))" }
            bar.remark(
                "gyges: \(path.legible()): \(report.faultCount) of \(report.rowCount) rows are left out\(first ?? "")")
        }
        if json {
            print(summary.json(folder: folder, seconds: start.duration(to: .now) / .seconds(1)).serialized(.pretty))
        } else {
            print("\(folder): \(summary.sentence)")
        }
    }

    private func rowEncoder(
        _ tokenizer: Tokenizer, readsChats: Bool, _ path: String, _ problem: inout String?
    ) throws -> RowEncoder {
        let ending = try sharding.ending(tokenizer)
        let chats = readsChats ? try chatEncoder(path, tokenizer, &problem) : nil
        do throws(SettingsError) {
            return try RowEncoder(tokenizer, chats: chats, ending: ending)
        } catch {
            throw ValidationError(error.problems.map { "--text-end \($0.sentence)." }.joined(separator: "\n"))
        }
    }

    /// What encodes conversations. Without a template that can be learned from, rows of texts are read all the same.
    private func chatEncoder(
        _ path: String, _ tokenizer: Tokenizer, _ problem: inout String?
    ) throws -> ChatEncoder? {
        do {
            let template = try ModelTemplate(path: path, text: textOptions.model)
            return try ChatEncoder(template.template, for: tokenizer, variables: template.variables)
        } catch {
            guard error is TemplateError || error is ChatEncoderError else { throw error }
            problem = "\(error)"
            return nil
        }
    }
}

/// What became of files that were tokenised.
private struct ShardSummary {
    var sources: [(path: String, form: SourceForm, report: SourceReport)] = []
    var shards: [ShardFolder.Entry] = []
    var supervision = SupervisionHistogram()
    var tokenCount = 0

    /// Whether all was written and no row was left out.
    var isSound: Bool { !shards.isEmpty && sources.allSatisfy { $0.report.faultCount == 0 } }

    /// The result in a sentence.
    var sentence: String {
        "\(shards.count) \(shards.count == 1 ? "shard" : "shards"), \(supervision.documentCount) documents, "
            + "\(tokenCount) tokens, of which \(supervision.tokenCount) are learned"
    }

    func json(folder: String, seconds: Double) -> JSON {
        [
            "folder": .string(folder), "documents": .integer(supervision.documentCount),
            "tokens": .integer(tokenCount), "supervised_tokens": .integer(supervision.tokenCount),
            "shards": .array(
                shards.map {
                    [
                        "name": .string($0.name), "documents": .integer($0.documentCount),
                        "tokens": .integer($0.tokenCount),
                    ]
                }),
            "sources": .array(sources.map(Self.json)),
            "supervised_tokens_per_document": .array(
                supervision.bins.map {
                    [
                        "from": .integer($0.range.lowerBound), "to": .integer($0.range.upperBound),
                        "documents": .integer($0.documentCount),
                    ]
                }),
            "seconds": .double(seconds),
        ]
    }

    static func json(_ source: (path: String, form: SourceForm, report: SourceReport)) -> JSON {
        [
            "path": .string(source.path), "form": .string(source.form.rawValue),
            "rows": .integer(source.report.rowCount), "faults": .integer(source.report.faultCount),
            "tokens": .integer(source.report.tokenCount), "supervised_tokens": .integer(source.report.supervisedCount),
            "straddling_tokens": .integer(source.report.straddlingCount),
        ]
    }
}
