import GygesCheckpoints
import GygesFiles
import GygesModels

extension Recipe {
    /// The recipe with the names of its labels: those that it lists, else those of the model if it has such a head, else those in its data.
    ///
    /// Names in data stand in the order of their bytes; numbers are classes 0, 1, … of as many as the largest asks for.
    ///
    /// - Parameter modelPath: The file or folder of the model that the recipe names; not used for a fresh one.
    /// - Throws: `FileError` if files cannot be read; ``SettingsError`` if they do not say what labels there are.
    public func namingLabels(modelPath: String) throws -> Recipe {
        guard var head, head.labels.isEmpty else { return self }
        var named = self
        if case .model = start, isFolder(modelPath) {
            let json = try ModelFolder(path: modelPath).tokenReader().configurationJSON()
            // Those that nobody has named say nothing.
            if json["id2label"] != nil, let own = try? EncoderConfiguration(json: json, path: modelPath),
                own.task == head.task, own.head.labels.contains(where: { !$0.hasPrefix("LABEL_") })
            {
                head.labels = own.head.labels
                named.head = head
                return named
            }
        }
        var found = FoundLabels(values: head.problem == .regression)
        for source in sources + (evaluation?.sources ?? []) where source.form == .jsonLines {
            for path in source.paths { try found.read(path) }
        }
        head.labels = try found.names()
        named.head = head
        return named
    }
}

/// The labels that rows have.
private struct FoundLabels {
    private let values: Bool
    private var found: Set<String> = []
    private var largest: Double?
    private var valueCount = 0

    init(values: Bool) { self.values = values }

    mutating func read(_ path: String) throws(FileError) {
        var lines = try LineReader(path: path)
        while let line = try lines.next() {
            // What is wrong with a row is told when it is read to be learned.
            guard let json = try? JSON.parse(line, path: path), let row = try? TrainingRow(json) else { continue }
            switch row {
            case .labelled(_, _, let label): add(label.each)
            case .tagged(_, let tags): for tag in tags { add(tag.each) }
            case .text, .completion, .conversation: break
            }
        }
    }

    private mutating func add(_ labels: [RowLabel]) {
        valueCount = max(valueCount, labels.count)
        for label in labels {
            switch label {
            case .name(let name): found.insert(name)
            case .number(let number): largest = max(largest ?? 0, number)
            case .several: break
            }
        }
    }

    func names() throws(SettingsError) -> [String] {
        if values {
            guard valueCount > 0 else { throw Self.problem("are in no row of the data") }
            return (0..<valueCount).map { "LABEL_\($0)" }
        }
        switch (found.isEmpty, largest) {
        case (true, nil): throw Self.problem("are in no row of the data; list them")
        case (false, .some): throw Self.problem("are names in some rows and numbers in others; list them")
        case (false, nil): return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        case (true, let largest?):
            guard let last = Int(exactly: largest), (0..<100_000).contains(last) else {
                throw Self.problem("are numbers up to \(largest), which is no class; for values say regression")
            }
            return (0...last).map { "LABEL_\($0)" }
        }
    }

    private static func problem(_ sentence: String) -> SettingsError {
        SettingsError(problems: [.init("head.labels", sentence)])
    }
}
