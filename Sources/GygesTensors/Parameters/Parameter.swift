/// What a parameter is called: names joined by dots, such as `layers.3.attention.query.weight`.
///
/// Paths are Gyges's own and the same whatever file a model comes from: optimizers, checkpoints, adapters and settings by
/// pattern go by them. `docs/architecture.md` lists them.
public struct ParameterPath: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The names, joined by dots.
    public let description: String

    /// The path of a text such as `norm.weight`.
    public init(_ text: String) { description = text }

    /// The names one by one.
    public var components: [Substring] { description.split(separator: ".") }

    /// A path below another.
    public static func / (path: ParameterPath, name: String) -> ParameterPath {
        ParameterPath("\(path.description).\(name)")
    }

    /// The path of one of several alike, counted from 0.
    public static func / (path: ParameterPath, index: Int) -> ParameterPath {
        ParameterPath("\(path.description).\(index)")
    }

    /// A number for the path, so that each parameter has random bits of its own (FNV-1a).
    public var key: UInt64 {
        description.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    /// The order of the texts.
    public static func < (a: ParameterPath, b: ParameterPath) -> Bool { a.description < b.description }
}

/// A parameter of a model: what it is called and what an interpreter keeps it in.
///
/// The path is the identity. Two places of a model that hold one path hold one parameter: a head that is tied to the
/// embedding is `embedding.weight`, and its gradient adds to the embedding's.
public struct Parameter<Value> {
    /// What it is called.
    public let path: ParameterPath
    /// The matrix or vector.
    public var value: Value

    /// Gives `value` its path.
    public init(_ path: ParameterPath, _ value: Value) {
        self.path = path
        self.value = value
    }
}

extension Parameter: Sendable where Value: Sendable {}
