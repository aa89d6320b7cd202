/// What is wrong with a model's tensors, told in a few sentences however many layers it has: 63 layers that are not there are one
/// sentence, and a tensor that is wrong in every layer is one.
public struct TensorProblems: Sendable {
    private struct Problem: Sendable {
        var name: String
        var text: String
        var isMissing = false
    }

    private var problems: [Problem] = []
    private var expectedCounts: [Int: Int] = [:]
    private var missingCounts: [Int: Int] = [:]

    /// Nothing wrong so far.
    public init() {}

    /// Whether nothing was found wrong.
    public var isEmpty: Bool { problems.isEmpty }

    /// Notes that a tensor is asked for; a layer none of whose tensors are there is told as a whole.
    public mutating func expect(_ name: String) {
        if let layer = Self.layer(of: name) { expectedCounts[layer, default: 0] += 1 }
    }

    /// Notes that a tensor that was asked for is not there.
    ///
    /// - Parameter shape: Its dimensions, the slowest first.
    public mutating func addMissing(_ name: String, shape: [Int]) {
        if let layer = Self.layer(of: name) { missingCounts[layer, default: 0] += 1 }
        problems.append(Problem(name: name, text: "\(shape) is missing", isMissing: true))
    }

    /// Notes what is wrong with a tensor: “has shape …”.
    public mutating func add(_ name: String, _ problem: String) {
        problems.append(Problem(name: name, text: problem))
    }

    /// One sentence for each kind of problem, in the order in which they were found, whole layers first.
    ///
    /// - Complexity: O(problems).
    public var sentences: [String] {
        let wholeLayers = Set(missingCounts.filter { expectedCounts[$0.key] == $0.value }.keys)
        var sentences: [String] = []
        if !wholeLayers.isEmpty {
            sentences.append("\(Self.spelled(layers: wholeLayers)): all tensors are missing")
        }
        var order: [String] = []
        var groups: [String: [Problem]] = [:]
        for problem in problems {
            if problem.isMissing, let layer = Self.layer(of: problem.name), wholeLayers.contains(layer) { continue }
            let key = Self.pattern(of: problem.name) + " " + problem.text
            if groups[key] == nil { order.append(key) }
            groups[key, default: []].append(problem)
        }
        for key in order { sentences.append(Self.sentence(groups[key] ?? [])) }
        return sentences
    }

    private static func sentence(_ group: [Problem]) -> String {
        guard let first = group.first else { return "" }
        guard group.count > 1 else { return "tensor \(first.name) \(first.text)" }
        let layers = Set(group.compactMap { layer(of: $0.name) })
        // Experts have a number of their own beside their layer's.
        guard layers.count == group.count else {
            return "tensor \(first.name) \(first.text) (and \(group.count - 1) like it)"
        }
        let others = layers.subtracting([layer(of: first.name) ?? -1])
        return "tensor \(first.name) \(first.text) (and in \(spelled(layers: others)))"
    }

    /// The number in a tensor's name that says its layer: `blk.3.attn_q.weight`, `model.layers.3.mlp.up_proj.weight`.
    private static func layer(of name: String) -> Int? {
        for part in name.split(separator: ".") { if let number = number(part) { return number } }
        return nil
    }

    private static func pattern(of name: String) -> String {
        name.split(separator: ".", omittingEmptySubsequences: false).map { number($0) == nil ? String($0) : "*" }
            .joined(separator: ".")
    }

    private static func number(_ part: Substring) -> Int? {
        part.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(part) : nil
    }

    /// `layers 1–63, 70`
    private static func spelled(layers: Set<Int>) -> String {
        var ranges: [ClosedRange<Int>] = []
        for layer in layers.sorted() {
            if let last = ranges.last, last.upperBound == layer - 1 {
                ranges[ranges.count - 1] = last.lowerBound...layer
            } else {
                ranges.append(layer...layer)
            }
        }
        let listed = ranges.prefix(10).map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)–\($0.upperBound)" }
        let more = ranges.count > listed.count ? " and more" : ""
        return (layers.count == 1 ? "layer " : "layers ") + listed.joined(separator: ", ") + more
    }
}
