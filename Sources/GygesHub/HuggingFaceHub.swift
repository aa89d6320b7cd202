internal import Foundation
internal import GygesFiles

/// Downloads from a Hugging Face hub.
struct HuggingFaceHub: Sendable {
    /// The hub's address; `HF_ENDPOINT` names a mirror.
    let endpoint: URL
    let client: HubClient
    /// How much is asked for at once, in bytes: it bounds the memory used and what an interruption costs.
    var chunkByteCount = 32 << 20

    /// Reads `HF_ENDPOINT` and `HF_TOKEN`.
    ///
    /// - Throws: ``FileError`` if the endpoint is not an HTTP address.
    init(environment: [String: String]) throws(FileError) {
        let text = environment["HF_ENDPOINT"].flatMap { $0.isEmpty ? nil : $0 } ?? "https://huggingface.co"
        guard let url = URL(string: text), url.scheme == "https" || url.scheme == "http", url.host != nil else {
            throw FileError(
                "HF_ENDPOINT", "\(text) is not an HTTP address", remedy: "Set it to an address, or unset it.")
        }
        endpoint = url
        client = HubClient(token: environment["HF_TOKEN"].flatMap { $0.isEmpty ? nil : $0 })
    }

    /// What the hub holds at the reference's revision.
    func listing(of reference: HuggingFaceReference) async throws(FileError) -> HuggingFaceListing {
        var components = URLComponents(url: endpoint, resolvingAgainstBaseURL: false) ?? URLComponents()
        // The hub wants a revision as one path component.
        let revision = reference.revision.replacingOccurrences(of: "/", with: "%2F")
        components.percentEncodedPath += "/api/models/\(reference.owner)/\(reference.name)/revision/\(revision)"
        components.percentEncodedQuery = "blobs=true"
        let url = components.url ?? endpoint
        return try HuggingFaceListing(try await client.body(of: url, limit: 32 << 20), of: reference)
    }

    /// Downloads one file of a commit to `path`, going on where an interrupted download stopped.
    ///
    /// - Parameter progress: receives the bytes that are in place.
    func download(
        _ file: HuggingFaceListing.File, of reference: HuggingFaceReference, commit: String, to path: String,
        cache: CacheFolder, progress: (Int) -> Void
    ) async throws(FileError) {
        guard let digest = file.digest, let byteCount = file.byteCount else { return }
        let url = endpoint.appendingPathComponent(
            "\(reference.owner)/\(reference.name)/resolve/\(commit)/\(file.rfilename)")
        var partial = try PartialFile.open(in: cache.partialFolder(of: digest), expecting: digest, byteCount: byteCount)
        progress(partial.byteCount)
        while partial.byteCount < byteCount {
            let range = partial.byteCount..<min(partial.byteCount + chunkByteCount, byteCount)
            let body = try await client.body(of: url, range: range, limit: chunkByteCount)
            guard !body.isEmpty else {
                throw FileError(
                    url.absoluteString, at: "byte \(partial.byteCount)", "the server sent nothing",
                    remedy: "Pull again later; what has been downloaded is kept.")
            }
            try body.span.bytes.withUnsafeBytes { bytes throws(FileError) in try partial.append(bytes) }
            try partial.commitPart()
            progress(partial.byteCount)
        }
        try partial.finish(as: path, from: url.absoluteString)
    }
}
