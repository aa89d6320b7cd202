import FoundationEssentials
public import GygesFiles
import Yams

/// A parsed YAML file together with everything found wrong with it, so that all problems are reported at once.
///
/// The files are written by people but may come from strangers, so size is bounded and anchors are refused: without
/// them there are no aliases, and a small file cannot stand for a large one. LibYAML itself bounds the nesting.
public final class YAMLDocument {
    /// The largest file accepted, in bytes.
    public static let maximumSize = 1 << 20

    /// What messages call the file.
    public let path: String
    private(set) var problems: [String] = []
    /// The keys that the file has under older names, in the order in which they were met.
    public private(set) var renamedKeys: [RenamedKey] = []
    private var rootNode: Node
    /// The present names of keys by their older ones.
    let newNames: [String: String]

    /// Parses text.
    ///
    /// - Parameters:
    ///   - path: Names it in errors.
    ///   - newNames: The present names of keys by older ones, which go on being read.
    /// - Throws: ``FileError`` if the text is too long, has anchors, or is no YAML.
    public init(_ text: String, path: String, newNames: [String: String] = [:]) throws(FileError) {
        self.path = path
        self.newNames = newNames
        guard text.utf8.count <= Self.maximumSize else {
            throw FileError(
                path, "the file has \(text.utf8.count) bytes, and \(Self.maximumSize) are the limit.",
                remedy: "Split it, or move long texts elsewhere.")
        }
        if let line = Self.lineOfFirstAnchor(in: text) {
            throw FileError(
                path, at: "line \(line)", "anchors and aliases (&name, *name) are not supported.",
                remedy: "Write the value out, or put a space after the ampersand if it is prose.")
        }
        do {
            guard let node = try Yams.compose(yaml: text) else {
                throw FileError(path, "the file is empty.", remedy: "Start from one of the shipped examples.")
            }
            rootNode = node
        } catch let error as FileError {
            throw error
        } catch {
            throw FileError(path, "it is not valid YAML: \(error)", remedy: "Correct the syntax at the place shown.")
        }
    }

    /// Reads the file at `path`, or standard input for `-`.
    ///
    /// - Throws: ``FileError`` if it cannot be read, and as ``init(_:path:newNames:)``.
    public convenience init(contentsOf path: String, newNames: [String: String] = [:]) throws(FileError) {
        let data: Data
        do {
            data = path == "-" ? Data(try MappedFile.read(path: path)) : try Data(contentsOf: URL(filePath: path))
        } catch let error as FileError {
            throw error
        } catch {
            throw FileError(path, "the file cannot be read.", remedy: "Check that it exists and is readable.")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw FileError(path, "the file is not UTF-8 text.", remedy: "Save it as UTF-8.")
        }
        try self.init(text, path: path, newNames: newNames)
    }

    /// The document's outermost value.
    public var root: YAMLValue { YAMLValue(node: rootNode, path: "", document: self) }

    /// The keys that the mapping at an outermost key has, by their present names; those of the mappings in `nested` stand behind a dot.
    public func keys(of key: String, nestedIn nested: Set<String>) -> [String] {
        func names(_ node: Node?) -> [(name: String, value: Node)] {
            guard case .mapping(let mapping) = node else { return [] }
            return mapping.compactMap { key, value in
                key.scalar.map { (newNames[$0.string] ?? $0.string, value) }
            }
        }
        let whole = names(rootNode).first { $0.name == key }?.value
        return names(whole).flatMap { entry in
            nested.contains(entry.name) ? names(entry.value).map { "\(entry.name).\($0.name)" } : [entry.name]
        }
    }

    /// The document as text, with what was overridden.
    ///
    /// - Throws: ``FileError`` if it cannot be written as YAML.
    public func serialized() throws(FileError) -> String {
        do {
            return try Yams.serialize(node: rootNode)
        } catch {
            throw FileError(path, "cannot be written as YAML: \(error)", remedy: "Write the values more plainly.")
        }
    }

    /// Records one thing that is wrong.
    func report(_ problem: String, at path: String, _ node: Node?) {
        let line = node?.mark.map { "line \($0.line), column \($0.column): " } ?? ""
        let sentence = line + (path.isEmpty ? problem : "\(path): \(problem)")
        // A value that stands for several may be read several times.
        if !problems.contains(sentence) { problems.append(sentence) }
    }

    /// Records a key that stands under an older name.
    func note(_ key: String, isNow current: String, at place: String) {
        let renamed = RenamedKey(file: path, place: place, old: key, current: current)
        if !renamedKeys.contains(renamed) { renamedKeys.append(renamed) }
    }

    /// Whether anything was found wrong so far.
    public var hasProblems: Bool { !problems.isEmpty }

    /// Throws everything that was found wrong, if anything was.
    ///
    /// - Throws: One ``FileError`` with every problem.
    public func finish(remedy: String) throws(FileError) {
        if !problems.isEmpty { throw FileError(path, problems: problems, remedy: remedy) }
    }

    /// Sets the value at a dotted key to a YAML value, creating mappings on the way: `sampling.temperature=0.7`. An element of a list that is
    /// there is named by its number, from 0: `models.0.path=model.gguf`.
    ///
    /// Whether the key means anything is for the decoder to say, exactly as for keys written in the file.
    public func override(_ assignment: String, option: String = "--set") throws(FileError) {
        let remedy = "Write it as \(option) key=value, with dots between nested keys."
        guard let equals = assignment.firstIndex(of: "="), equals != assignment.startIndex else {
            throw FileError(
                path, at: "\(option) \(assignment)", "there is no key before an equals sign.", remedy: remedy)
        }
        let keys = assignment[..<equals].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard keys.allSatisfy({ !$0.isEmpty }), keys.count <= 8 else {
            throw FileError(path, at: "\(option) \(assignment)", "the key is not a dotted name.", remedy: remedy)
        }
        let text = String(assignment[assignment.index(after: equals)...])
        let value: Node
        do {
            guard text.utf8.count <= 4096, Self.lineOfFirstAnchor(in: text) == nil else {
                throw FileError(
                    path, at: "\(option) \(keys.joined(separator: "."))", "the value is refused.", remedy: remedy)
            }
            value = try Yams.compose(yaml: text) ?? Node("")
        } catch let error as FileError {
            throw error
        } catch {
            throw FileError(
                path, at: "\(option) \(assignment)", "the value is not valid YAML: \(error)", remedy: remedy)
        }
        guard let replaced = Self.setting(keys[...], to: value, in: rootNode) else {
            throw FileError(
                path, at: "\(option) \(assignment)",
                "part of the key names a value that has no keys, or no such element.", remedy: remedy)
        }
        rootNode = replaced
    }

    private static func setting(_ keys: ArraySlice<String>, to value: Node, in node: Node?) -> Node? {
        guard let key = keys.first else { return value }
        if case .sequence(var sequence) = node {
            // Lists have their elements by number, from 0, and grow by none.
            guard let index = Int(key), sequence.indices.contains(index),
                let child = setting(keys.dropFirst(), to: value, in: sequence[index])
            else { return nil }
            sequence[index] = child
            return .sequence(sequence)
        }
        var mapping: Node.Mapping
        switch node {
        case .mapping(let existing): mapping = existing
        case nil: mapping = Node.Mapping([])
        default: return nil
        }
        guard let child = setting(keys.dropFirst(), to: value, in: mapping[Node(key)]) else { return nil }
        mapping[Node(key)] = child
        return .mapping(mapping)
    }

    /// The line of the first `&name` that starts a value.
    ///
    /// This looks at the text, not at YAML's structure, so it also refuses ` &name` in prose; in exchange nothing has
    /// been expanded or hashed when it answers.
    private static func lineOfFirstAnchor(in text: String) -> Int? {
        var line = 1
        var previous = UInt8(ascii: " ")
        var ampersandStartsToken = false
        for byte in text.utf8 {
            if ampersandStartsToken, byte > UInt8(ascii: " ") { return line }
            let opensToken = previous <= UInt8(ascii: " ") || "[{,:-".utf8.contains(previous)
            ampersandStartsToken = byte == UInt8(ascii: "&") && opensToken
            if byte == UInt8(ascii: "\n") { line += 1 }
            previous = byte
        }
        return nil
    }
}
