import GygesFiles
import FoundationEssentials

extension GGUFFile {
    /// Opens the other parts of a model that lies in several files, and checks that they belong to the first.
    ///
    /// - Parameters:
    ///   - path: The first part's.
    ///   - count: How many parts it says there are.
    /// - Throws: One ``FileError`` that names every part that is missing or another model's.
    static func openParts(after first: Part, path: String, count: Int) throws(FileError) -> [Part] {
        let remedy =
            "Put all \(count) parts into one folder under the names they were published with, and give the first."
        guard let name = SplitFileName(path), name.part == 1, name.count == count else {
            throw FileError(
                path, at: "split.count",
                "says that the model has \(count) parts, but the name is not that of the first of them (…-00001-of-…)",
                remedy: remedy)
        }
        guard count <= 1000 else {
            throw FileError(path, at: "split.count", "is \(count); at most 1000 parts are read", remedy: remedy)
        }
        let paths = (2...count).map(name.path(ofPart:))
        let missing = paths.filter { !FileManager.default.fileExists(atPath: $0) }
        guard missing.isEmpty else {
            throw FileError(
                path, at: "split.count",
                problems: missing.map { "the part \($0.split(separator: "/").last ?? "") is missing" }, remedy: remedy)
        }
        var parts = [first]
        var problems: [String] = []
        for (index, path) in paths.enumerated() {
            let part = try Part(path: path, index: index + 1)
            let says = (part.metadata["split.no"]?.integer, part.metadata["split.count"]?.integer)
            if says != (index + 1, count) {
                problems.append("\(path.split(separator: "/").last ?? "") is not part \(index + 2) of \(count)")
            }
            parts.append(part)
        }
        var names: Set<String> = []
        for tensor in parts.flatMap(\.tensors) where !names.insert(tensor.name).inserted {
            problems.append("tensor \(tensor.name) stands in two parts")
        }
        if let total = first.metadata["split.tensors.count"]?.integer, total != names.count {
            problems.append("the parts have \(names.count) tensors together where \(total) are expected")
        }
        guard problems.isEmpty else { throw FileError(path, at: "split", problems: problems, remedy: remedy) }
        return parts
    }
}
