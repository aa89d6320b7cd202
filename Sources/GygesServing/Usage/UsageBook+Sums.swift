import GRDB
public import GygesFiles
import GygesWorkers

extension UsageBook {
    /// What sums are told apart by.
    public enum Grouping: String, Sendable, CaseIterable {
        case key
        case day
        case model
        case status
    }

    /// Sums of what requests have used, a row for each group; what they cost where models have prices.
    ///
    /// - Throws: `FileError` if the file cannot be read.
    public func sums(by groupings: [Grouping]) throws(FileError) -> [JSON] {
        let columns = groupings.map { grouping in
            grouping == .day ? "date(ended, 'unixepoch') AS day" : grouping.rawValue
        }
        let names = groupings.map(\.rawValue).joined(separator: ", ")
        let (cost, arguments) = cost { "(prompt_tokens * \($0.prompt) + completion_tokens * \($0.completion)) / 1e6" }
        let sums = [
            "count(*) AS requests", "sum(prompt_tokens) AS prompt_tokens",
            "sum(completion_tokens) AS completion_tokens",
            "sum(cached_tokens) AS cached_tokens", "sum(seconds) AS seconds", "\(cost) AS cost",
        ]
        let sql = """
            SELECT \((columns + sums).joined(separator: ", "))
            FROM request \(groupings.isEmpty ? "" : "GROUP BY \(names) ORDER BY \(names)")
            """
        return try rows(sql, arguments) { row in
            var object = JSONObject()
            for grouping in groupings { object[grouping.rawValue] = Self.value(row, grouping) }
            for name in ["requests", "prompt_tokens", "completion_tokens", "cached_tokens"] {
                object[name] = .integer(row[name] as Int? ?? 0)
            }
            object["seconds"] = .double(row["seconds"] as Double? ?? 0)
            object["cost"] = (row["cost"] as Double?).map { .double($0) }
            return .object(object)
        }
    }

    /// Sums of what workers have spent their time on, a row for each model and phase: the phases of a worker add up to its life. Seconds
    /// that are billed are rounded up phase by phase, and cost something where a worker takes processor time or may.
    ///
    /// - Throws: `FileError` if the file cannot be read.
    public func workerSums() throws(FileError) -> [JSON] {
        let billed = "(CAST(seconds AS INTEGER) + (seconds > CAST(seconds AS INTEGER)))"
        let (cost, arguments) = cost { "iif(phase IN ('starting', 'executing', 'idle'), \(billed) * \($0.second), 0)" }
        let sql = """
            SELECT model, phase, count(*) AS count, sum(seconds) AS seconds, sum(\(billed)) AS billed_seconds, \(cost) AS cost
            FROM worker_phase GROUP BY model, phase ORDER BY model, phase
            """
        return try rows(sql, arguments) { row in
            var object = JSONObject([
                ("model", .string(row["model"])), ("phase", .string(row["phase"])), ("count", .integer(row["count"])),
                ("seconds", .double(row["seconds"])), ("billed_seconds", .integer(row["billed_seconds"])),
            ])
            object["cost"] = (row["cost"] as Double?).map { .double($0) }
            return .object(object)
        }
    }

    private func rows(
        _ sql: String, _ arguments: [String], _ read: (GRDB.Row) -> JSON
    ) throws(FileError) -> [JSON] {
        do {
            return try queue.read { db in
                try GRDB.Row.fetchAll(db, sql: sql, arguments: StatementArguments(arguments)).map(read)
            }
        } catch {
            throw FileError(path, "cannot be read: \(error)", remedy: "Look whether another program has changed it.")
        }
    }

    private static func value(_ row: GRDB.Row, _ grouping: Grouping) -> JSON {
        if grouping == .status { return .integer(row[grouping.rawValue] as Int? ?? 0) }
        return (row[grouping.rawValue] as String?).map { .string($0) } ?? .null
    }

    /// The sum of what rows cost by their models' prices, in SQL; null where none has one. A model's price is that of its adapters, too,
    /// unless they have their own.
    private func cost(_ each: (TokenPrice) -> String) -> (sql: String, arguments: [String]) {
        guard !prices.isEmpty else { return ("NULL", []) }
        let own = prices.map { "WHEN model = ? THEN \(each($0))" }
        let adapted = prices.map { "WHEN substr(model, 1, length(?) + 1) = ? || ':' THEN \(each($0))" }
        let names = prices.map(\.model) + prices.flatMap { [$0.model, $0.model] }
        return ("sum(CASE \((own + adapted).joined(separator: " ")) END)", names)
    }
}

/// What is asked for a model.
public struct TokenPrice: Sendable, Equatable {
    /// The model's name.
    public var model: String
    /// For a million tokens of prompts.
    public var prompt: Double
    /// For a million tokens that were generated.
    public var completion: Double
    /// For a second of a worker that starts, executes or is idle.
    public var second: Double

    /// Creates a price.
    ///
    /// - Precondition: All are finite.
    public init(model: String, prompt: Double, completion: Double, second: Double = 0) {
        precondition(prompt.isFinite && completion.isFinite && second.isFinite)
        self.model = model
        self.prompt = prompt
        self.completion = completion
        self.second = second
    }
}
