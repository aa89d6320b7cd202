internal import Foundation
internal import GygesFiles

/// What the hub says about a repository at a revision.
struct HuggingFaceListing: Decodable {
    /// The commit that the revision names now.
    var sha: String
    /// The files.
    var siblings: [File]

    struct File: Decodable, Equatable {
        /// The path in the repository.
        var rfilename: String
        /// The size in bytes.
        var size: Int?
        /// Git's name for the content.
        var blobId: String?
        /// Large files are stored apart, under their SHA-256.
        var lfs: LargeFile?

        /// What the content must hash to.
        var digest: ContentDigest? {
            if let lfs { return .sha256(lfs.sha256) }
            return blobId.map { .gitBlob($0) }
        }
        var byteCount: Int? { lfs?.size ?? size }
    }

    struct LargeFile: Decodable, Equatable {
        var sha256: String
        var size: Int
    }

    /// Reads the hub's answer.
    ///
    /// - Throws: ``FileError`` if it is not a listing, or names something that could not safely become a file.
    init(_ bytes: [UInt8], of reference: HuggingFaceReference) throws(FileError) {
        do { self = try JSONDecoder().decode(Self.self, from: Data(bytes)) } catch {
            throw Self.invalid(reference, ["is not a listing of a repository: \("\(error)".prefix(200))"])
        }
        if !isHexadecimal(sha, count: 40) { throw Self.invalid(reference, ["names no commit but \(sha.prefix(60))"]) }
    }

    private static func invalid(_ reference: HuggingFaceReference, _ problems: [String]) -> FileError {
        FileError(
            reference.description, at: "answer of the hub", problems: problems,
            remedy: "Check HF_ENDPOINT, and whether the repository holds a model.")
    }

    /// The files that a pull fetches: the one asked for, or all that a model needs.
    ///
    /// - Throws: ``FileError`` if there is no such file, nothing that Gyges can read, or no digest to verify.
    func selection(for reference: HuggingFaceReference) throws(FileError) -> [File] {
        let chosen =
            if let file = reference.file {
                try parts(of: try single(file, of: reference), of: reference)
            } else {
                try all(of: reference)
            }
        var problems: [String] = []
        for file in chosen {
            let name = file.rfilename.prefix(80)
            if !isPlainPath(file.rfilename) { problems.append("\(name) is not a plain file name") }
            switch file.digest {
            case .sha256(let text) where isHexadecimal(text, count: 64): break
            case .gitBlob(let text) where isHexadecimal(text, count: 40): break
            default: problems.append("\(name) comes without a digest")
            }
            if file.byteCount.map({ $0 < 0 || $0 > 1 << 42 }) ?? true {
                problems.append("\(name) comes without a sensible size")
            }
        }
        if !problems.isEmpty { throw Self.invalid(reference, Self.shortened(problems, to: 10)) }
        return chosen
    }

    /// The first of a hub's many words, and how many more there are.
    private static func shortened(_ texts: [String], to limit: Int) -> [String] {
        texts.count <= limit ? texts : texts.prefix(limit) + ["and \(texts.count - limit) more"]
    }

    /// File names as a message lists them.
    private static func names(_ files: [String]) -> String {
        shortened(files.map { String($0.prefix(80)) }, to: 40).joined(separator: ", ")
    }

    private func single(_ path: String, of reference: HuggingFaceReference) throws(FileError) -> File {
        if isPickle(path) { throw refusal(of: [path], reference) }
        guard let file = siblings.first(where: { $0.rfilename == path }) else {
            let names = Self.names(siblings.map(\.rfilename).filter { isReadable($0) })
            throw FileError(
                reference.description, "the repository has no file \(path)", remedy: "Name one of its files: \(names)")
        }
        return file
    }

    /// A file, or all parts of the model that it is a part of, the first first.
    private func parts(of file: File, of reference: HuggingFaceReference) throws(FileError) -> [File] {
        guard let name = SplitFileName(file.rfilename), name.count > 1 else { return [file] }
        let paths = (1...name.count).map(name.path(ofPart:))
        let known = Dictionary(siblings.map { ($0.rfilename, $0) }, uniquingKeysWith: { first, _ in first })
        let missing = paths.filter { known[$0] == nil }
        guard missing.isEmpty else {
            throw FileError(
                reference.description, "the repository lacks parts of the model: \(Self.names(missing))",
                remedy: "Choose another file of it, or another repository.")
        }
        return paths.compactMap { known[$0] }
    }

    /// The files in the repository's top folder that a model is made of, and those of sentence-transformers' modules, which
    /// lie in folders like `1_Pooling`.
    private func all(of reference: HuggingFaceReference) throws(FileError) -> [File] {
        let top = siblings.filter { !$0.rfilename.contains("/") }
        let supporting = top.filter { hasSuffix($0.rfilename, among: [".json", ".jinja", ".txt"]) }
        let safetensors = top.filter { $0.rfilename.hasSuffix(".safetensors") }
        if !safetensors.isEmpty {
            let hasModules = top.contains { $0.rfilename == "modules.json" }
            return safetensors + supporting + (hasModules ? siblings.filter { isOfModule($0.rfilename) } : [])
        }
        let gguf = top.filter { $0.rfilename.hasSuffix(".gguf") }
        if let first = gguf.first, Set(gguf.map { SplitFileName($0.rfilename)?.stem ?? $0.rfilename }).count == 1 {
            return try parts(of: first, of: reference)
        }
        if gguf.count > 1 {
            throw FileError(
                reference.description, "the repository holds \(gguf.count) GGUF files",
                remedy: "Choose one, as in hf:OWNER/NAME:FILE, from: \(Self.names(gguf.map(\.rfilename)))")
        }
        let pickles = top.map(\.rfilename).filter { isPickle($0) }
        if !pickles.isEmpty { throw refusal(of: pickles, reference) }
        throw FileError(
            reference.description, "the repository holds neither safetensors nor GGUF files",
            remedy: "Choose a repository with weights in one of these formats.")
    }

    private func refusal(of files: [String], _ reference: HuggingFaceReference) -> FileError {
        FileError(
            reference.description,
            "the weights are stored as Python pickles (\(Self.names(files))), which run code when read",
            remedy: "Choose a repository with safetensors or GGUF files.")
    }
}

private func hasSuffix(_ path: String, among suffixes: [String]) -> Bool { suffixes.contains { path.hasSuffix($0) } }

/// Whether a file is a module's configuration or weights: `2_Dense/config.json`.
private func isOfModule(_ path: String) -> Bool {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, ["config.json", "model.safetensors"].contains(parts[1]) else { return false }
    let number = parts[0].prefix { $0.isASCII && $0.isNumber }
    return !number.isEmpty && parts[0].dropFirst(number.count).hasPrefix("_")
}

private func isReadable(_ path: String) -> Bool {
    hasSuffix(path, among: [".safetensors", ".gguf", ".json", ".jinja", ".txt"])
}

private func isPickle(_ path: String) -> Bool {
    hasSuffix(path, among: [".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle"])
}

private func isHexadecimal(_ text: String, count: Int) -> Bool {
    text.utf8.count == count && text.allSatisfy { $0.isHexDigit && !$0.isUppercase }
}
