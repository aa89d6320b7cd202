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
    /// The allowance of work on texts and values for each byte of input, in bytes copied: about a nanosecond each.
    public var workFactor: Int
    /// The allowance of work on texts and values, whatever the input.
    public var workBase: Int

    /// Creates limits.
    public init(
        sourceByteCount: Int = 512 << 10, syntaxDepth: Int = 100, callDepth: Int = 64, stepCount: Int = 1_000_000,
        rangeCount: Int = 100_000, outputFactor: Int = 16, outputBase: Int = 1 << 20, workFactor: Int = 512,
        workBase: Int = 128 << 20
    ) {
        self.sourceByteCount = sourceByteCount
        self.syntaxDepth = syntaxDepth
        self.callDepth = callDepth
        self.stepCount = stepCount
        self.rangeCount = rangeCount
        self.outputFactor = outputFactor
        self.outputBase = outputBase
        self.workFactor = workFactor
        self.workBase = workBase
    }

    /// The deepest nesting of values: what a parsed JSON document can have, and some more for what templates wrap it in.
    static let valueDepth = 160
    /// The deepest nesting of evaluations, so that macros within expressions within macros cannot exhaust the stack.
    static let evaluationDepth = 600
    /// The longest name in bytes: every use of a name costs its length.
    static let nameByteCount = 1000
}

/// What work costs for each byte that it looks at, where copying one costs 1 (measured: `TemplateBudgetTests`).
enum TemplateCost: Int {
    /// Copying, and counting.
    case walk = 1
    /// Comparing, hashing, looking for a text in another or for the ends of characters.
    case search = 8
    /// Looking up what Unicode knows about characters.
    case properties = 32
    /// Changing the case of letters, reading numbers.
    case rewriting = 64
}

/// What is left of the limits during one rendering.
struct TemplateBudget {
    private var steps: Int
    private var text: Int
    private var work: Int
    let outputByteCount: Int

    /// - Parameter inputByteCount: the size of source, messages and tools.
    init(_ limits: TemplateLimits, inputByteCount: Int) {
        func allowance(_ factor: Int, _ base: Int) -> Int {
            let (scaled, overflow) = inputByteCount.multipliedReportingOverflow(by: factor)
            let (sum, overflow2) = scaled.addingReportingOverflow(base)
            return overflow || overflow2 ? .max : sum
        }
        steps = limits.stepCount
        outputByteCount = allowance(limits.outputFactor, limits.outputBase)
        work = allowance(limits.workFactor, limits.workBase)
        // Intermediate texts are garbage soon, but a template may keep them all: eight copies of the longest output.
        let (eight, overflow) = outputByteCount.multipliedReportingOverflow(by: 8)
        text = overflow ? .max : eight
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

    /// Takes work on `byteCount` bytes of texts or values, whether or not it makes new ones.
    mutating func work(on byteCount: Int, _ cost: TemplateCost = .walk) throws(TemplateError) {
        let (bytes, overflow) = byteCount.multipliedReportingOverflow(by: cost.rawValue)
        work = overflow ? -1 : work - bytes
        if work < 0 { throw TemplateError(.budget, "the template does too much work on long texts or large values") }
    }
}
