import FoundationEssentials
import GygesFiles

/// A form in which others, or this program, keep finished transcripts.
public enum ImportFormat: String, Sendable, Codable, CaseIterable {
    /// The files released with Greenblatt et al. 2024: `json_outputs/SETTING/{train,deploy}/*.json`, a folder or the ZIP.
    case paper
    /// The results of the open-source replication (Sheshadri et al. 2025): `results_*.json`, or a folder of them.
    case pipeline
    /// A log of Inspect, `.eval` or `.json`, or a folder of them.
    case inspect
    /// `transcripts.jsonl` of this program.
    case transcripts

    /// Reads everything that a path holds.
    ///
    /// - Throws: `FileError` naming file and place of the first thing that is not of the form.
    ///
    /// - Parameter scores: how the scores of Inspect's logs are read; `nil` to go by their names.
    func read(_ path: String, scores: ScoreMapping? = nil) throws -> ImportSource {
        let found: ImportSource =
            switch self {
            case .paper: .transcripts(try PaperRelease.read(path))
            case .pipeline: .transcripts(try PipelineResults.read(path))
            case .inspect: try InspectLogFile.read(path, scores: scores)
            case .transcripts: try ExportedTranscripts.read(path)
            }
        let isEmpty =
            switch found {
            case .transcripts(let transcripts): transcripts.transcripts.isEmpty
            case .run(let run): run.answers.isEmpty
            }
        guard !isEmpty else {
            throw FileError(path, "holds no transcripts of the form “\(rawValue)”", remedy: Self.remedy)
        }
        return found
    }

    static let remedy = "Check the path and the format; `gyges study import --help` lists them."
}

/// Files below a path.
enum ImportedFiles {
    /// The most files that are looked at.
    private static let fileLimit = 1_000_000

    /// The file at a path, or the files below the folder there whose names pass, in the order of their paths.
    static func list(_ path: String, where isWanted: (String) -> Bool) throws -> [String] {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw FileError(path, "does not exist", remedy: "Check the path.")
        }
        guard isFolder else { return [path] }
        var found: [String] = []
        var folders = [path]
        while let folder = folders.popLast() {
            for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() {
                let inner = "\(folder)/\(name)"
                if FileManager.default.fileExists(atPath: inner, isDirectory: &isFolder), isFolder {
                    // Links to folders could lead in circles.
                    let isLink = (try? FileManager.default.destinationOfSymbolicLink(atPath: inner)) != nil
                    if !isLink { folders.append(inner) }
                } else if isWanted(name) {
                    found.append(inner)
                }
                guard found.count + folders.count <= fileLimit else {
                    throw FileError(path, "has more than \(fileLimit) files", remedy: "Import a part of it.")
                }
            }
        }
        return found.sorted()
    }

    /// The names of the last folders of a path, without the file.
    static func folders(of path: String) -> [String] { path.split(separator: "/").dropLast().map(String.init) }
}
