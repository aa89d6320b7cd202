public import GygesClient
import GygesFiles
public import GygesStudy
import Synchronization

/// Several endpoints that serve one model, as one subject: each request goes to the endpoint with the fewest under way.
///
/// A request that one of them fails goes to the next, and fails only when all have. An endpoint that is down is left out;
/// only when none is left does the run end. That they are the same model is what the study file says; what they say of
/// themselves must agree.
public struct ReplicaSubject: Subject {
    /// The model's name and what all endpoints say of it, without their addresses: replicas can come and go between two
    /// parts of a run.
    public let identity: SubjectIdentity
    private let members: [EndpointSubject]
    private let load: Load

    /// Connects to one endpoint or several.
    ///
    /// - Parameters:
    ///   - addresses: each with its model, `http://host:port/v1#model`.
    ///   - settings: how they are asked; its attempts are shared out among them, because each gets a request that others fail.
    ///   - concurrency: how many calls are under way at once at each.
    ///   - onWait: called when one of them is waited for.
    /// - Throws: `FileError` if an address or the template is none or if they say different things of their models,
    ///   ``EndpointError`` if one cannot be asked.
    public static func connect(
        to addresses: [String], settings: EndpointSettings, concurrency: Int,
        onWait: @escaping @Sendable (EndpointWait) -> Void = { _ in }
    ) async throws -> any Subject {
        var settings = settings
        let count = max(1, addresses.count)
        settings.attempts = (settings.attempts + count - 1) / count
        var members: [EndpointSubject] = []
        for address in addresses {
            members.append(
                try await EndpointSubject.connect(
                    to: address, settings: settings, isReplica: addresses.count > 1, concurrency: concurrency,
                    onWait: onWait))
        }
        return members.count == 1 ? members[0] : try ReplicaSubject(members)
    }

    /// Joins endpoints.
    ///
    /// - Throws: ``FileError`` if there are none, or if they say different things of their models.
    public init(_ members: [EndpointSubject]) throws {
        guard let first = members.first else {
            throw FileError("subjects", "no endpoint is given", remedy: "Name one or more: http://host:port/v1#model.")
        }
        if let other = members.first(where: { $0.identity.digest != first.identity.digest }) {
            throw FileError(
                "subjects",
                """
                \(first.caller.address) and \(other.caller.address) do not say the same of their model: \
                \(Self.facts(first)) and \(Self.facts(other))
                """,
                remedy: "Serve the same files with the same settings, or run two studies.")
        }
        self.members = members
        var identity = first.identity
        identity.details["address"] = members.map(\.caller.address.base).joined(separator: ", ")
        self.identity = identity
        load = Load(count: members.count)
    }

    private static func facts(_ member: EndpointSubject) -> String {
        member.identity.details.filter { $0.key != "address" }.sorted { $0.key < $1.key }
            .map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }

    /// One for each endpoint.
    public var workerCount: Int { members.count }

    /// Asks the endpoint with the fewest requests under way.
    public func respond(to request: SubjectRequest) async throws -> SubjectReply {
        try await withMember { try await $0.respond(to: request) }
    }

    /// Asks the endpoint with the fewest requests under way; all continuations of a request are scored by the same one.
    public func tokenLogProbabilities(
        of continuations: [String], after request: SubjectRequest
    ) async throws -> [[Double]] {
        try await withMember { try await $0.tokenLogProbabilities(of: continuations, after: request) }
    }

    private func withMember<Value>(_ body: (EndpointSubject) async throws -> Value) async throws -> Value {
        var tried: Set<Int> = []
        var failure: RequestFailure?
        var unavailable: EndpointError?
        while let index = load.begin(except: tried) {
            defer { load.end(index) }
            tried.insert(index)
            do {
                return try await body(members[index])
            } catch let error as EndpointError where error.kind == .unavailable {
                load.remove(index)
                unavailable = error
            } catch let error as RequestFailure where !error.isFinal {
                failure = error
            }
        }
        // While one of them is at work, the request is what fails.
        if let failure { throw failure }
        throw unavailable
            ?? EndpointError(
                kind: .unavailable, address: identity.name, problem: "none of its endpoints answers any more.",
                remedy: "What was answered is kept. See what is wrong with them, then resume the run.")
    }
}

/// How many requests each endpoint has under way.
private final class Load: Sendable {
    /// `nil` for an endpoint that is down.
    private let counts: Mutex<[Int?]>

    init(count: Int) { counts = Mutex(Array(repeating: 0, count: count)) }

    /// Chooses the endpoint with the fewest requests; `nil` if all that were not tried are down.
    func begin(except tried: Set<Int>) -> Int? {
        counts.withLock { counts in
            let up = counts.indices.filter { counts[$0] != nil && !tried.contains($0) }
            guard let index = up.min(by: { (counts[$0] ?? 0) < (counts[$1] ?? 0) }) else { return nil }
            counts[index] = (counts[index] ?? 0) + 1
            return index
        }
    }

    func end(_ index: Int) { counts.withLock { counts in counts[index] = counts[index].map { $0 - 1 } } }

    func remove(_ index: Int) { counts.withLock { $0[index] = nil } }
}
