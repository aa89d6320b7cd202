/// How much a chat template may use up. Templates come from strangers, and a loop costs them nothing.
public struct TemplateLimits: Sendable, Equatable {
    /// The largest source in bytes.
    public var sourceByteCount: Int
    /// The deepest nesting of tags and expressions in the source.
    public var syntaxDepth: Int
    /// The deepest nesting of macro calls.
    public var callDepth: Int
    /// How many expressions and statements may be evaluated.
    public var stepCount: Int
    /// The longest `range()`.
    public var rangeCount: Int
    /// The output's allowance in bytes for each byte of input (source, messages and tools).
    public var outputFactor: Int
    /// The output's allowance in bytes, whatever the input.
    public var outputBase: Int

    /// Creates limits.
    public init(
        sourceByteCount: Int = 512 << 10, syntaxDepth: Int = 100, callDepth: Int = 64, stepCount: Int = 1_000_000,
        rangeCount: Int = 100_000, outputFactor: Int = 16, outputBase: Int = 1 << 20
    ) {
        self.sourceByteCount = sourceByteCount
        self.syntaxDepth = syntaxDepth
        self.callDepth = callDepth
        self.stepCount = stepCount
        self.rangeCount = rangeCount
        self.outputFactor = outputFactor
        self.outputBase = outputBase
    }

    /// The deepest nesting of values: what a parsed JSON document can have, and some more for what templates wrap it in.
    static let valueDepth = 160
    /// The deepest nesting of evaluations, so that macros within expressions within macros cannot exhaust the stack.
    static let evaluationDepth = 600
}

/// What is left of the limits during one rendering.
struct TemplateBudget {
    private var steps: Int
    private var text: Int
    let outputByteCount: Int

    /// - Parameter inputByteCount: the size of source, messages and tools.
    init(_ limits: TemplateLimits, inputByteCount: Int) {
        steps = limits.stepCount
        let (scaled, overflow) = inputByteCount.multipliedReportingOverflow(by: limits.outputFactor)
        let (sum, overflow2) = scaled.addingReportingOverflow(limits.outputBase)
        outputByteCount = overflow || overflow2 ? .max : sum
        // Intermediate texts are garbage soon, but a template may keep them all: eight copies of the longest output.
        let (eight, overflow3) = outputByteCount.multipliedReportingOverflow(by: 8)
        text = overflow3 ? .max : eight
    }

    /// Takes `count` steps.
    mutating func step(_ count: Int = 1) throws(TemplateError) {
        steps -= count
        if steps < 0 { throw TemplateError(.budget, "the template takes too many steps") }
    }

    /// Takes the making of a text of `byteCount` bytes.
    mutating func spend(text byteCount: Int) throws(TemplateError) {
        text -= byteCount
        if text < 0 { throw TemplateError(.budget, "the template makes too much text") }
    }
}
