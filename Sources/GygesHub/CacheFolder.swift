internal import Foundation
public import GygesFiles

/// The folder that keeps downloaded models.
///
/// ```
/// models/NAME.gguf                                  a model of the catalogue
/// huggingface/OWNER/NAME/revisions/REVISION         the commit that a branch or tag named when it was pulled
/// huggingface/OWNER/NAME/commits/COMMIT/…           the files of a commit
/// packed/DIGEST.panels                              a model's weights as products read them; may be deleted
/// partial/DIGEST/                                   a download that is not complete yet
/// ```
public struct CacheFolder: Sendable, Equatable {
    /// The absolute path.
    public let path: String

    /// Creates a cache folder at a path; nothing is written until something is pulled.
    public init(path: String) { self.path = URL(fileURLWithPath: path).path }

    /// The folder that the environment names: `$GYGES_CACHE`, else `gyges` in `$XDG_CACHE_HOME`, else `~/.cache/gyges`.
    ///
    /// A relative `$XDG_CACHE_HOME` counts as unset, as the XDG base directory specification demands.
    /// - Throws: ``FileError`` if none of the variables, `$HOME` included, says where.
    public init(environment: [String: String]) throws(FileError) {
        if let path = environment["GYGES_CACHE"], !path.isEmpty {
            self.init(path: path)
        } else if let path = environment["XDG_CACHE_HOME"], path.hasPrefix("/") {
            self.init(path: path + "/gyges")
        } else if let home = environment["HOME"], home.hasPrefix("/") {
            self.init(path: home + "/.cache/gyges")
        } else {
            throw FileError(
                "cache folder", "none of GYGES_CACHE, XDG_CACHE_HOME and HOME is set to an absolute path",
                remedy: "Set GYGES_CACHE to a folder with room for models.")
        }
    }

    /// Where a model of the catalogue lies once it is pulled.
    public func path(of entry: CatalogueEntry) -> String { "\(path)/models/\(entry.name).gguf" }

    /// Where copies of weights in the form that products read are kept, or `nil` if `GYGES_PACKED` is `off`.
    public func packedFolder(environment: [String: String]) -> String? {
        environment["GYGES_PACKED"] == "off" ? nil : "\(path)/packed"
    }

    /// Where everything of a repository lies.
    func folder(of repository: HuggingFaceReference) -> String {
        "\(path)/huggingface/\(repository.owner)/\(repository.name)"
    }

    /// Where a download with this digest is put together.
    func partialFolder(of digest: ContentDigest) -> String { "\(path)/partial/\(digest.hexadecimal)" }
}
