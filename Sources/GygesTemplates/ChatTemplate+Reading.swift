public import GygesCheckpoints
import GygesFiles
import FoundationEssentials

/// Templates of model files, of which a model may have several by name: `tool_use` is for conversations with tools.
extension ChatTemplate {
    private static let usual = "default"
    private static let toolUse = "tool_use"

    /// The template of a GGUF file; `nil` if it has none.
    ///
    /// - Parameter choice: the name of one of several; by itself the one called `default`, with `tool_use` where there are tools.
    /// - Throws: ``FileError`` if there is none of that name, ``TemplateError`` if a template is none.
    public init?(gguf file: GGUFFile, named choice: String? = nil) throws {
        let key = "tokenizer.chat_template"
        var sources: [(name: String, source: String)] = []
        if let source = file.metadata[key]?.string { sources.append((Self.usual, source)) }
        for name in file.metadata.keys.sorted() where name.hasPrefix(key + ".") {
            guard let source = file.metadata[name]?.string else { continue }
            sources.append((String(name.dropFirst(key.count + 1)), source))
        }
        try self.init(of: sources, named: choice, in: file.path + ": " + key)
    }

    /// The template of a Hugging Face folder: `chat_template.jinja` with those of `additional_chat_templates`, or `chat_template` in
    /// `chat_template.json` or `tokenizer_config.json`, which may be a list of named ones. `nil` if there is none.
    ///
    /// - Parameter choice: the name of one of several; by itself the one called `default`, with `tool_use` where there are tools.
    /// - Throws: ``FileError`` if a file cannot be read or there is none of that name, ``TemplateError`` if a template is none.
    public init?(folder: ModelFolder, named choice: String? = nil) throws {
        if folder.contains("chat_template.jinja") {
            var sources = [(name: Self.usual, source: try Self.source(folder.path(of: "chat_template.jinja")))]
            let more = folder.path(of: "additional_chat_templates")
            for file in ((try? FileManager.default.contentsOfDirectory(atPath: more)) ?? []).sorted()
            where file.hasSuffix(".jinja") {
                sources.append((String(file.dropLast(6)), try Self.source(more + "/" + file)))
            }
            try self.init(of: sources, named: choice, in: folder.path(of: "chat_template.jinja"))
            return
        }
        for name in ["chat_template.json", "tokenizer_config.json"] {
            guard let value = try folder.json(name)?["chat_template"], !value.isNull else { continue }
            var sources: [(name: String, source: String)] = []
            if let source = value.string { sources.append((Self.usual, source)) }
            for entry in value.array ?? [] {
                if let name = entry["name"]?.string, let source = entry["template"]?.string {
                    sources.append((name, source))
                }
            }
            guard sources.count == value.array?.count ?? 1 else {
                throw FileError(
                    folder.path(of: name), at: "chat_template", "is neither text nor a list of named templates",
                    remedy: "Correct the file, or get the model again.")
            }
            try self.init(of: sources, named: choice, in: folder.path(of: name) + ": chat_template")
            return
        }
        return nil
    }

    private static func source(_ path: String) throws(FileError) -> String {
        guard let source = try MappedFile(path: path).withBytes({ String(validating: $0, as: UTF8.self) }) else {
            throw FileError(path, "is not UTF-8", remedy: "Get the model again.")
        }
        return source
    }

    private init?(of sources: [(name: String, source: String)], named choice: String?, in place: String) throws {
        guard let first = sources.first else { return nil }
        let name = choice ?? Self.usual
        guard let found = sources.first(where: { $0.name == name }) else {
            let names = sources.prefix(16).map { String($0.name.prefix(40)) }.joined(separator: ", ")
            throw FileError(
                place, "has no chat template called \(name.prefix(40)), but \(names)",
                remedy: "Choose one with --template-name NAME, such as --template-name \(first.name.prefix(40)).")
        }
        try self.init(source: found.source, name: Self.place(place, found.name))
        if choice == nil, let source = sources.first(where: { $0.name == Self.toolUse })?.source {
            withTools = [try ChatTemplate(source: source, name: Self.place(place, Self.toolUse))]
        }
    }

    /// What errors call a template.
    private static func place(_ place: String, _ name: String) -> String { name == usual ? place : "\(place) \(name)" }
}
