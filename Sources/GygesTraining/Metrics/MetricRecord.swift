public import GygesFiles

/// What was measured at a step: numbers under the names that Hugging Face's and TRL's trainers give them (`loss`, `grad_norm`,
/// `learning_rate`, `epoch`, `num_tokens`, `eval_loss`).
public struct MetricRecord: Sendable, Equatable {
    /// A name and its number.
    public struct Metric: Sendable, Equatable {
        /// The name.
        public var name: String
        /// The number; it may be infinite or none.
        public var value: Double

        /// Creates a metric.
        public init(_ name: String, _ value: Double) {
            self.name = name
            self.value = value
        }

        /// Whether name and number are the same; what is not a number is the same as what is not one.
        public static func == (a: Metric, b: Metric) -> Bool {
            a.name.utf8.elementsEqual(b.name.utf8) && (a.value == b.value || a.value.isNaN && b.value.isNaN)
        }
    }

    /// How many steps had been done.
    public var step: Int
    /// When, in seconds since 1970.
    public var time: Double
    /// The numbers, in the order in which they are written; a name stands once.
    public private(set) var metrics: [Metric] = []

    /// A record; of a name that stands twice the later number counts.
    public init(step: Int, time: Double, _ values: KeyValuePairs<String, Double> = [:]) {
        self.step = step
        self.time = time
        for (name, value) in values { self[name] = value }
    }

    /// The number of a name; assigning `nil` removes it.
    ///
    /// - Precondition: No number is named `step` or `time`, which stand beside the numbers in files.
    public subscript(name: String) -> Double? {
        get { metrics.first { $0.name.utf8.elementsEqual(name.utf8) }?.value }
        set {
            guard !Self.reserved.contains(name) else { fatalError("a metric cannot be named “\(name)”") }
            let index = metrics.firstIndex { $0.name.utf8.elementsEqual(name.utf8) }
            switch (index, newValue) {
            case (let index?, let value?): metrics[index].value = value
            case (let index?, nil): metrics.remove(at: index)
            case (nil, let value?): metrics.append(Metric(name, value))
            case (nil, nil): break
            }
        }
    }

    /// A number in the fewest digits that read back the same, a whole one without a fraction.
    static func text(_ value: Double) -> String { json(value).string ?? json(value).serialized() }
}

// MARK: - JSON

extension MetricRecord {
    /// The names under which step and time stand among the numbers.
    static let reserved = ["step", "time"]

    /// The record as an object: `{"step": 12, "time": 1764532967.25, "loss": 2.31}`.
    ///
    /// RFC 8259 has no word for what is not a number. Such values are written as protocol buffers' mapping to JSON does, as the texts
    /// `"NaN"`, `"Infinity"` and `"-Infinity"`, so that every reader reads the line.
    public var json: JSON {
        var object = JSONObject([("step", .integer(step)), ("time", Self.json(time))])
        for metric in metrics { object[metric.name] = Self.json(metric.value) }
        return .object(object)
    }

    private static func json(_ value: Double) -> JSON {
        guard value.isFinite else { return .string(JSON.pythonRepresentation(of: value)) }
        // Below 2⁵³ whole numbers are exact in every reader; zero keeps its sign.
        let isWhole = value == value.rounded() && abs(value) < 0x1p53 && !(value == 0 && value.sign == .minus)
        return isWhole ? .integer(Int(value)) : .double(value)
    }

    /// Reads what ``json`` wrote.
    ///
    /// - Throws: ``FileError`` that names the place of what is none.
    public init(reading field: JSONField) throws(FileError) {
        step = try field.required("step").count()
        time = try field.required("time").number()
        for name in field.json.object?.keys ?? [] where !Self.reserved.contains(name) {
            let member = try field.required(name)
            guard let value = member.json.double ?? member.json.string.flatMap(Self.nonFinite) else {
                throw member.mismatch("a number, “NaN”, “Infinity” or “-Infinity”")
            }
            metrics.append(Metric(name, value))
        }
    }

    private static func nonFinite(_ text: String) -> Double? {
        switch text {
        case "NaN": .nan
        case "Infinity": .infinity
        case "-Infinity": -.infinity
        default: nil
        }
    }
}
