/// Counts of durations in classes.
struct Histogram: Sendable {
    /// The upper ends of the classes, ascending; a last one has none.
    let bounds: [Double]
    /// How many fell into each class.
    private(set) var counts: [Int]
    /// All of them together.
    private(set) var sum = 0.0

    init(bounds: [Double]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    mutating func add(_ value: Double) {
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
        sum += value
    }
}

/// Prometheus's text format, version 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/.
struct PrometheusText {
    /// What was written so far.
    private(set) var text = ""

    /// A number that goes up and down, of each model.
    mutating func gauge<Value>(_ name: String, _ help: String, _ values: [(String, Value)], _ read: (Value) -> Int) {
        head(name, help, "gauge")
        for (model, value) in values { line(name, [("model_name", model)], "\(read(value))") }
    }

    /// A share of each model.
    mutating func fraction<Value>(
        _ name: String, _ help: String, _ values: [(String, Value)], _ read: (Value) -> Double
    ) {
        head(name, help, "gauge")
        for (model, value) in values { line(name, [("model_name", model)], "\(read(value))") }
    }

    /// A number that only grows, of each model.
    mutating func counter<Value>(_ name: String, _ help: String, _ values: [(String, Value)], _ read: (Value) -> Int) {
        head(name, help, "counter")
        for (model, value) in values { line(name, [("model_name", model)], "\(read(value))") }
    }

    /// Numbers of each model by a label; they only grow, unless the type says otherwise.
    mutating func labelled(
        _ name: String, _ help: String, _ label: String, _ values: [(String, [String: Int])], type: String = "counter"
    ) {
        head(name, help, type)
        for (model, counts) in values {
            for (key, count) in counts.sorted(by: { $0.key < $1.key }) {
                line(name, [("model_name", model), (label, key)], "\(count)")
            }
        }
    }

    /// Durations of each model.
    mutating func histogram(_ name: String, _ help: String, _ values: [(String, Histogram)]) {
        head(name, help, "histogram")
        for (model, histogram) in values {
            var total = 0
            for (index, count) in histogram.counts.enumerated() {
                total += count
                let bound = index < histogram.bounds.count ? "\(histogram.bounds[index])" : "+Inf"
                line(name + "_bucket", [("model_name", model), ("le", bound)], "\(total)")
            }
            line(name + "_sum", [("model_name", model)], "\(histogram.sum)")
            line(name + "_count", [("model_name", model)], "\(total)")
        }
    }

    private mutating func head(_ name: String, _ help: String, _ type: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    private mutating func line(_ name: String, _ labels: [(String, String)], _ value: String) {
        let labels = labels.map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",")
        text += "\(name){\(labels)} \(value)\n"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
