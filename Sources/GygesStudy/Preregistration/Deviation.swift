import FoundationEssentials
import GygesFiles
import GygesYAML

/// A difference between a study as it was registered when its run began and as it is now.
public struct Deviation: Sendable, Equatable, Codable {
    /// Which value differs: `preregistration.rule.smallestGap`, `judges`.
    public var key: String
    /// The value when the run began; empty if there was none.
    public var registered: String
    /// The value now; empty if there is none.
    public var now: String

    /// Whether the value belongs to what was pre-registered.
    public var isPreregistered: Bool { key.hasPrefix("preregistration.") }
}

extension Study {
    /// What differs between this study, as registered, and `other`, value by value; where the run writes to, how much it does at once
    /// and what a plan assumed are no differences.
    func deviations(to other: Study) throws -> [Deviation] {
        let (mine, its) = (try leaves(), try other.leaves())
        return Set(mine.keys).union(its.keys).sorted().compactMap { key in
            let (registered, now) = (mine[key] ?? "", its[key] ?? "")
            return registered == now ? nil : Deviation(key: key, registered: registered, now: now)
        }
    }

    /// Every value with its dotted key; a list of plain values is one value.
    private func leaves() throws -> [String: String] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var leaves: [String: String] = [:]
        func walk(_ value: JSON, _ key: String) {
            switch value {
            case .object(let object):
                for (name, value) in object {
                    let name = RenamedKey.all[name] ?? name
                    walk(value, key.isEmpty ? name : "\(key).\(name)")
                }
            case .array(let array) where array.contains { $0.object != nil || $0.array != nil }:
                for (index, value) in array.enumerated() { walk(value, "\(key)[\(index + 1)]") }
            default: leaves[key] = value.serialized()
            }
        }
        var comparable = definition
        (comparable.output, comparable.concurrency, comparable.plan) = ("", 1, StudyPlan.Assumptions())
        comparable.preregistrationSources = nil
        func json(_ value: some Encodable) throws -> JSON {
            try JSON(parsing: String(decoding: encoder.encode(value), as: UTF8.self))
        }
        walk(try json(comparable), "")
        for scenario in scenarios {
            walk(try json(scenario), "scenario.\(scenario.name)")
        }
        return leaves
    }
}
