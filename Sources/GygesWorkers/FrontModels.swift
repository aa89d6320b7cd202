import GygesFiles
public import GygesServer
import Synchronization

extension FrontRoutes {
    /// The models as `GET /v1/models` lists them: as their workers do, once one has run; until then by what is known without one.
    ///
    /// - Parameter created: When the server was started, in seconds since 1970.
    public func listing(created: Int) -> [Route] {
        [
            Route(.get, "/v1/models") { _ in
                .json(["object": "list", "data": .array(await entries(created: created))])
            },
            Route(.get, "/v1/models/:name") { request in
                let name = request.parameter("name") ?? ""
                guard let entry = await entries(created: created).first(where: { $0["id"]?.string == name }) else {
                    return refusal(404, "There is no model “\(String(name.prefix(100)))” here.")
                }
                return .json(entry)
            },
        ]
    }

    private func entries(created: Int) async -> [JSON] {
        var all: [JSON] = []
        for listed in await directory.listed {
            guard case .model(let model) = listed else {
                all += Self.entries(of: listed.names, created: created)
                continue
            }
            if let known = told.entries(of: model.name) {
                all += known
            } else if let entries = await ask(model) {
                told.note(entries, of: model.name)
                all += entries
            } else {
                all += Self.entries(of: model.names, created: created)
            }
        }
        return all
    }

    /// What is known without a worker: the names, all of which after the first belong to that.
    private static func entries(of names: [String], created: Int) -> [JSON] {
        names.map { name in
            var entry = JSONObject([
                ("id", .string(name)), ("object", "model"), ("created", .integer(created)), ("owned_by", "gyges"),
            ])
            if let first = names.first, name != first { entry["parent"] = .string(first) }
            return .object(entry)
        }
    }

    /// What a worker says that is awake; `nil` if none is, or it says nothing at once.
    private func ask(_ model: PooledModel) async -> [JSON]? {
        guard model.endpoint == nil, let address = await model.pool.awakeAddress else { return nil }
        let body = Mutex<[UInt8]>([])
        let asking = Task {
            try await WorkerClient(address: address).ask(
                "GET", "/v1/models", body: [], take: { _ in },
                write: { bytes in
                    body.withLock { $0 += bytes }
                })
        }
        let limit = Task {
            try await Task.sleep(for: .seconds(2))
            asking.cancel()
        }
        defer { limit.cancel() }
        guard (try? await asking.value) != nil else { return nil }
        return (try? JSON.parse(body.withLock { $0 }, path: "a worker's models"))?["data"]?.array
    }
}

/// What workers have said of their models, which stays true: all of a model's workers have the same files.
final class ToldModels: Sendable {
    private let state = Mutex<[String: [JSON]]>([:])

    func entries(of model: String) -> [JSON]? { state.withLock { $0[model] } }
    func note(_ entries: [JSON], of model: String) { state.withLock { $0[model] = entries } }
}
