internal import Foundation
public import GygesClient
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
    case endpoint(EndpointAddress)

    /// Reads a reference: `hf:OWNER/NAME…`, `http(s)://HOST/v1#NAME`, a catalogue name, or a path, in this order.
    ///
    /// - Throws: ``FileError`` if the text is none of these; a path must exist.
    public init(_ text: String, catalogue: Catalogue = .standard) throws(FileError) {
        if text.hasPrefix("hf:") {
            self = .huggingFace(try HuggingFaceReference(text))
        } else if EndpointAddress.isAddress(text) {
            self = .endpoint(try EndpointAddress(text))
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
