/// How often each class was taken for each: what is counted of a classifier that names one class of several.
public struct ClassificationCounts: Sendable, Equatable {
    /// How many classes there are.
    public let classCount: Int
    /// `[true class][named class]`, row after row.
    public private(set) var counts: [Int]

    /// Nothing counted yet.
    ///
    /// - Precondition: There is at least one class.
    public init(classCount: Int) {
        precondition(classCount > 0)
        self.classCount = classCount
        counts = Array(repeating: 0, count: classCount * classCount)
    }

    /// Counts an answer.
    ///
    /// - Precondition: Both are classes.
    public mutating func add(truth: Int, named: Int) {
        precondition((0..<classCount).contains(truth) && (0..<classCount).contains(named))
        counts[truth * classCount + named] += 1
    }

    /// How many answers were counted.
    public var total: Int { counts.reduce(0, +) }
    /// The right answers, of all.
    public var accuracy: Proportion {
        Proportion(successes: (0..<classCount).reduce(0) { $0 + counts[$1 * classCount + $1] }, count: total)
    }

    private func truths(_ number: Int) -> Int { (0..<classCount).reduce(0) { $0 + counts[number * classCount + $1] } }
    private func names(_ number: Int) -> Int { (0..<classCount).reduce(0) { $0 + counts[$1 * classCount + number] } }

    /// F₁ of a class: `2 · hits / (true + named)`, the harmonic mean of precision and recall; 0 where the class neither is nor is named, as
    /// scikit-learn counts it.
    public func f1(ofClass number: Int) -> Double {
        let sum = truths(number) + names(number)
        return sum == 0 ? 0 : 2 * Double(counts[number * classCount + number]) / Double(sum)
    }

    /// The mean of F₁ over the classes that are or are named; 0 without answers.
    public var macroF1: Double {
        let present = (0..<classCount).filter { truths($0) + names($0) > 0 }
        return present.isEmpty ? 0 : present.reduce(0) { $0 + f1(ofClass: $1) } / Double(present.count)
    }

    /// Matthews' correlation coefficient (1975, doi:10.1016/0005-2795(75)90109-9), of more than two classes Gorodkin's R_K (2004,
    /// doi:10.1016/j.compbiolchem.2004.09.006); 0 where one class alone is or is named.
    public var matthewsCorrelation: Double {
        let n = Double(total)
        let (t, p) = ((0..<classCount).map { Double(truths($0)) }, (0..<classCount).map { Double(names($0)) })
        let hits = (0..<classCount).reduce(0.0) { $0 + Double(counts[$1 * classCount + $1]) }
        let above = hits * n - zip(t, p).reduce(0) { $0 + $1.0 * $1.1 }
        let below = (n * n - p.reduce(0) { $0 + $1 * $1 }) * (n * n - t.reduce(0) { $0 + $1 * $1 })
        return below > 0 ? above / below.squareRoot() : 0
    }
}
