import GygesCheckpoints
public import GygesFiles
public import GygesTemplates
import GygesTokenizer
import FoundationEssentials

/// A model's chat template and what it can name, without the model.
public struct ModelTemplate: Sendable {
    /// The template.
    public let template: ChatTemplate
    /// `bos_token`, `eos_token` and their like.
    public let variables: JSONObject

    /// Reads the template of a GGUF file or a Hugging Face folder.
    ///
    /// - Parameters:
    ///   - path: The file or folder.
    ///   - text: What the files may leave open.
    /// - Throws: ``FileError`` or ``TemplateError``; also if the model has no template.
    public init(path: String, text: ModelTextOptions = .init()) throws {
        let found: ChatTemplate?
        if isFolder(path) {
            let folder = try ModelFolder(path: path)
            found = try ChatTemplate(folder: folder, named: text.templateName)
            variables = try templateVariables(of: folder)
        } else {
            let file = try GGUFFile(path: path)
            found = try ChatTemplate(gguf: file, named: text.templateName)
            variables = templateVariables(
                of: file, tokenizer: try Tokenizer(gguf: file, preTokenizer: text.preTokenizer))
        }
        guard let found else { throw noTemplate(path) }
        template = found
    }
}

/// That a model has no template, and what to do without.
func noTemplate(_ path: String) -> TemplateError {
    TemplateError(
        .unsupported, "the model has no chat template", template: path,
        remedy: "Use an instruction-tuned model, or continue plain text with 'gyges generate --raw'.")
}

/// SHA-256 over a model's files, their names among it if there are several.
func digest(ofFiles files: [String]) throws(FileError) -> String {
    if files.count == 1 { return try Digest.sha256(file: files[0]) }
    var parts = ""
    for file in files {
        let name = file.split(separator: "/").last ?? ""
        parts += "\(name) \(try Digest.sha256(file: file))\n"
    }
    return Digest.sha256(parts)
}

/// What templates of a folder's model can name.
func templateVariables(of folder: ModelFolder) throws(FileError) -> JSONObject {
    let configuration = try folder.tokenizerConfiguration()
    var variables = JSONObject()
    for name in ["bos_token", "eos_token", "pad_token", "unk_token"] {
        if let token = configuration?[name], let text = token.string ?? token["content"]?.string {
            variables[name] = .string(text)
        }
    }
    return variables
}

/// What templates of a GGUF file's model can name.
func templateVariables(of file: GGUFFile, tokenizer: Tokenizer) -> JSONObject {
    var variables = JSONObject()
    for (name, key) in [("bos_token", "bos"), ("eos_token", "eos"), ("pad_token", "padding")] {
        if let id = file.metadata["tokenizer.ggml.\(key)_token_id"]?.integer, let token = Int32(exactly: id) {
            variables[name] = .string(String(decoding: tokenizer.bytes(of: token), as: UTF8.self))
        }
    }
    return variables
}
