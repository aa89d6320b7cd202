internal import Foundation
public import GygesFiles

/// What a user may write where a command wants a model.
public enum ModelReference: Sendable, Equatable {
    /// A file on this machine.
    case file(path: String)
    /// A folder in Hugging Face's layout on this machine.
    case folder(path: String)
    /// A model of the catalogue.
    case catalogue(CatalogueEntry)
    /// A repository of the Hugging Face hub.
    case huggingFace(HuggingFaceReference)
    /// A model behind an OpenAI-style endpoint.
    case endpoint(EndpointReference)

    /// Reads a reference: `hf:OWNER/NAME…`, `http(s)://HOST/v1#NAME`, a catalogue name, or a path, in this order.
    ///
    /// - Throws: ``FileError`` if the text is none of these; a path must exist.
    public init(_ text: String, catalogue: Catalogue = .standard) throws(FileError) {
        if text.hasPrefix("hf:") {
            self = .huggingFace(try HuggingFaceReference(text))
        } else if text.hasPrefix("http://") || text.hasPrefix("https://") {
            self = .endpoint(try EndpointReference(text))
        } else if let entry = catalogue[text] {
            self = .catalogue(entry)
        } else {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: text, isDirectory: &isFolder) else {
                let names = catalogue.entries.map(\.name).joined(separator: ", ")
                throw FileError(
                    text.isEmpty ? "\"\"" : text, "is neither an existing file or folder nor a model of the catalogue",
                    remedy: "Name a GGUF file, a Hugging Face folder, hf:OWNER/NAME, or one of: \(names).")
            }
            self = isFolder.boolValue ? .folder(path: text) : .file(path: text)
        }
    }
}

/// A model that a server runs.
public struct EndpointReference: Sendable, Equatable {
    /// The address up to and including the version, for example `http://localhost:8080/v1`.
    public var address: String
    /// The model's name on the server.
    public var model: String

    /// Reads `http://HOST/v1#NAME`.
    ///
    /// - Throws: ``FileError`` if the host or the name is missing.
    public init(_ text: String) throws(FileError) {
        let pieces = text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        guard pieces.count == 2, !pieces[1].isEmpty, let host = URL(string: String(pieces[0]))?.host, !host.isEmpty
        else {
            throw FileError(
                text, "is not an endpoint with a model's name",
                remedy: "Write it as http://host:port/v1#name, with the name that the server lists.")
        }
        address = String(pieces[0])
        model = String(pieces[1])
    }
}
