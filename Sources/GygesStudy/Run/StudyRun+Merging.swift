import FoundationEssentials
import GygesFiles

extension StudyRun {
    /// Joins parts of one run that were done apart, each in a folder of its own, into a new folder.
    ///
    /// The parts must be runs of the same study and subject. Rows are named by what they answer; the same question with two answers is
    /// refused, since nobody could say which counts.
    ///
    /// - Parameters:
    ///   - folders: the parts; they are read and left as they are.
    ///   - folder: where the whole goes; it must not exist, and appears when everything is in it.
    /// - Throws: ``StudyError/changed(folder:what:)`` if they are not parts of one run,
    ///   ``StudyError/conflict(table:key:folders:)`` if two rows of one name differ.
    public static func merging(_ folders: [String], into folder: String) async throws -> StudyRun {
        guard !FileManager.default.fileExists(atPath: folder) else {
            throw FileError(folder, "exists already", remedy: "Choose a folder that does not exist.")
        }
        guard let first = folders.first, let manifest = try Journal(readingFrom: first).manifest() else {
            throw StudyError.missingRun(folder: folders.first ?? "")
        }
        for other in folders.dropFirst() {
            guard let theirs = try Journal(readingFrom: other).manifest() else {
                throw StudyError.missingRun(folder: other)
            }
            try theirs.requireSame(as: manifest, folder: other)
        }
        let draft = "\(folder).merging-\(UUID().uuidString.prefix(8))"
        do {
            try await fill(draft, manifest, folders)
            try FileManager.default.moveItem(atPath: draft, toPath: folder)
        } catch {
            try? FileManager.default.removeItem(atPath: draft)
            throw error
        }
        return StudyRun(folder: folder)
    }

    private static func fill(_ draft: String, _ manifest: RunManifest, _ folders: [String]) async throws {
        let journal = try Journal(writingTo: draft, isDurable: false)
        try await journal.begin(manifest, cells: manifest.study.cells(for: manifest.subject))
        try await journal.merge(folders: folders)
        try journal.flush()
    }
}
