import GygesCheckpoints
import GygesFiles
import GygesTemplates
public import GygesTokenizer
import FoundationEssentials
import GygesKernels
import GygesModels

/// What a language model is put together from, read from either kind of file.
struct ModelParts {
    var path: String
    var files: [String]
    var model: DecoderModel
    var team: ThreadTeam
    var tokenizer: Tokenizer
    var template: Result<ChatTemplate, any Error>?
    var templateVariables = JSONObject()
    var generationDefaults = GenerationConfiguration()
    var stopTokens: Set<Int32> = []
    var fillTokens: FillTokens?

    init(
        path: String, precision: MatmulPrecision, packing: Packing, threadCount: Int?,
        text: ModelTextOptions = .init()
    ) throws(FileError) {
        guard FileManager.default.fileExists(atPath: path) else {
            throw FileError(
                path, "does not exist", remedy: "Give a GGUF file or a model's folder, or fetch one with 'gyges pull'.")
        }
        let team = ThreadTeam(threadCount: threadCount)
        self =
            isFolder(path)
            ? try ModelParts(
                folder: ModelFolder(path: path), precision: precision, packing: packing, team: team, text: text)
            : try ModelParts(gguf: GGUFFile(path: path), precision: precision, packing: packing, team: team, text: text)
        template = template?.map { [tokenizer] in $0.recognising(tokenizer) }
        stopTokens.formUnion(generationDefaults.endTokens)
        if let end = tokenizer.endOfText { stopTokens.insert(end) }
        stopTokens.formUnion(tokenizer.namedEnds)
        try checkVocabulary()
    }

    private init(
        gguf file: GGUFFile, precision: MatmulPrecision, packing: Packing, team: ThreadTeam, text: ModelTextOptions
    ) throws(FileError) {
        path = file.path
        files = file.files.map(\.path)
        self.team = team
        let reading = Background { () throws(FileError) in try Tokenizer(gguf: file, preTokenizer: text.preTokenizer) }
        let weights = Result { () throws(FileError) in
            try DecoderModel(gguf: file, precision: precision, packing: packing, team: team)
        }
        tokenizer = try reading.result().get()
        model = try weights.get()
        do {
            template = try ChatTemplate(gguf: file, named: text.templateName).map { .success($0) }
        } catch {
            template = .failure(error)
        }
        templateVariables = GygesInference.templateVariables(of: file, tokenizer: tokenizer)
        fillTokens = FillTokens(gguf: file, tokenizer: tokenizer)
        for key in ["eos", "eot", "eom"] {
            if let id = file.metadata["tokenizer.ggml.\(key)_token_id"]?.integer, let token = Int32(exactly: id) {
                stopTokens.insert(token)
            }
        }
    }

    private init(
        folder: ModelFolder, precision: MatmulPrecision, packing: Packing, team: ThreadTeam, text: ModelTextOptions
    ) throws(FileError) {
        path = folder.path
        files = folder.fileNames.filter { name in
            [".json", ".jinja", ".safetensors"].contains(where: name.hasSuffix)
        }.map(folder.path(of:))
        self.team = team
        let reading = Background { () throws(FileError) in try Tokenizer(path: folder.path) }
        let weights = Result { () throws(FileError) in
            try DecoderModel(folder: folder, precision: precision, packing: packing, team: team)
        }
        tokenizer = try reading.result().get()
        generationDefaults = try folder.generationConfiguration()
        model = try weights.get()
        do {
            template = try ChatTemplate(folder: folder, named: text.templateName).map { .success($0) }
        } catch {
            template = .failure(error)
        }
        templateVariables = try GygesInference.templateVariables(of: folder)
        fillTokens = FillTokens(tokenizer: tokenizer)
    }

    /// A token without a row in the embedding table could not be computed with.
    private func checkVocabulary() throws(FileError) {
        let rows = model.decoder.configuration.vocabularySize
        guard tokenizer.vocabularyCount <= rows else {
            throw FileError(
                path, at: "vocabulary",
                "the tokenizer has tokens up to \(tokenizer.vocabularyCount - 1), the embedding table \(rows) rows",
                remedy: "Tokenizer and weights are of different models; get the model again.")
        }
    }
}

extension Tokenizer {
    /// Special tokens that end a turn or a text wherever they exist; files often declare only one of several.
    public var namedEnds: Set<Int32> {
        let names = [
            "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "</s>",
            "<｜end▁of▁sentence｜>",
        ]
        return Set(names.compactMap { name in id(of: name).flatMap { isSpecial($0) ? $0 : nil } })
    }
}
