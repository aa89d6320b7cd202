/// A value of a template: Python's types as far as templates meet them.
///
/// Values are immutable, as they are in the sandbox that chat templates run in elsewhere; only namespaces change. They and
/// macros are held by the interpreter and named by number, so that values cannot form cycles.
enum TemplateValue {
    /// What a missing name or member yields; `hint` says what was missing.
    case undefined(hint: String)
    case none
    case bool(Bool)
    case integer(Int)
    /// An integer beyond 64 bits, which can be printed and compared, not calculated with.
    case bigInteger(String)
    case double(Double)
    case string(TemplateText)
    case sequence(TemplateSequence)
    case dictionary(TemplateDictionary)
    case namespace(Int)
    case macro(Int)
    case function(TemplateFunction)
    indirect case method(TemplateValue, name: String)
    case loop(TemplateLoopState)

    /// A text by the template.
    static func literal(_ text: String) -> TemplateValue { .string(TemplateText(text, isTrusted: true)) }

    /// Whether it is missing.
    var isUndefined: Bool { if case .undefined = self { true } else { false } }

    /// How deep containers are nested in it.
    var depth: Int {
        switch self {
        case .sequence(let sequence): sequence.depth
        case .dictionary(let dictionary): dictionary.depth
        case .method(let receiver, _): receiver.depth + 1
        case .loop(let loop): loop.depth + 1
        default: 0
        }
    }

    /// How many bytes a walk through the value sees, saturating: a list of lists of the same list is small in memory and
    /// endless to walk.
    var weight: Int {
        switch self {
        case .string(let text): 16 + text.byteCount
        case .bigInteger(let digits): 16 + digits.utf8.count
        case .sequence(let sequence): sequence.weight
        case .dictionary(let dictionary): dictionary.weight
        default: 16
        }
    }

    /// What Python calls the type.
    var typeName: String {
        switch self {
        case .undefined: "undefined"
        case .none: "none"
        case .bool: "a Boolean"
        case .integer, .bigInteger: "an integer"
        case .double: "a floating-point number"
        case .string: "a string"
        case .sequence(let sequence): sequence.kind.typeName
        case .dictionary: "a dictionary"
        case .namespace: "a namespace"
        case .macro: "a macro"
        case .function: "a function"
        case .method: "a method"
        case .loop: "the loop"
        }
    }

    /// Python's truth value.
    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .bool(let bool): bool
        case .integer(let integer): integer != 0
        case .double(let double): double != 0
        case .string(let text): !text.isEmpty
        case .sequence(let sequence): sequence.kind == .generator || !sequence.elements.isEmpty
        case .dictionary(let dictionary): !dictionary.keys.isEmpty
        case .bigInteger, .namespace, .macro, .function, .method, .loop: true
        }
    }

    /// Checks that a container about to be built around `elements` is not nested too deep, and returns its depth.
    static func depth(around elements: [TemplateValue]) throws(TemplateError) -> Int {
        let depth = 1 + (elements.lazy.map(\.depth).max() ?? 0)
        guard depth <= TemplateLimits.valueDepth else {
            throw TemplateError(.budget, "values are nested deeper than \(TemplateLimits.valueDepth)")
        }
        return depth
    }

    /// The weight of a container around `elements`.
    static func weight(around elements: [TemplateValue]) -> Int {
        elements.reduce(16) { sum, element in
            let (result, overflow) = sum.addingReportingOverflow(element.weight)
            return overflow ? .max : result
        }
    }
}

/// Lists, and all that Python has instead of them here and there.
struct TemplateSequence {
    enum Kind {
        case list, tuple, range
        /// `dict.items()` and its like: no index, no `sequence` test.
        case view
        /// What filters such as `map` yield: always true, without a length or an index. One can be read again here, which
        /// Python's cannot.
        case generator

        var typeName: String {
            switch self {
            case .list: "a list"
            case .tuple: "a tuple"
            case .range: "a range"
            case .view: "a view of a dictionary"
            case .generator: "a generator"
            }
        }
        /// Whether elements can be picked by index.
        var hasIndex: Bool { self == .list || self == .tuple || self == .range }
    }

    let elements: [TemplateValue]
    let kind: Kind
    let depth: Int
    let weight: Int

    init(_ elements: [TemplateValue], _ kind: Kind = .list) throws(TemplateError) {
        self.elements = elements
        self.kind = kind
        weight = TemplateValue.weight(around: elements)
        depth = try TemplateValue.depth(around: elements)
    }
}

/// Where a loop stands: the value of `loop`.
final class TemplateLoopState {
    let elements: [TemplateValue]
    /// The number of loops around this one.
    let level: Int
    let depth: Int
    var index = 0
    /// The value of the last call of `loop.changed`.
    var lastChange: [TemplateValue]?

    init(_ elements: [TemplateValue], level: Int) {
        self.elements = elements
        self.level = level
        depth = 1 + (elements.lazy.map(\.depth).max() ?? 0)
    }
}

/// The functions that every template can call.
enum TemplateFunction: String, CaseIterable {
    case range, namespace, dict
    case raiseException = "raise_exception"
    case strftimeNow = "strftime_now"
}
