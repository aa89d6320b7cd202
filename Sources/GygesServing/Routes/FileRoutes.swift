import GygesFiles
import GygesServer
import GygesWire

extension ModelRoutes {
    /// Files, and batches of the requests in them.
    var fileRoutes: [Route] {
        [
            Route(.post, "/v1/files") { request in try await upload(request) },
            Route(.get, "/v1/files") { request in try answered { try files(request) } },
            Route(.get, "/v1/files/:id") { request in
                try answered { try queue().store.file(request.parameter("id") ?? "", of: request.keyName).json }
            },
            Route(.delete, "/v1/files/:id") { request in
                try answered {
                    let id = request.parameter("id") ?? ""
                    try queue().remove(file: id, of: request.keyName)
                    return ["id": .string(id), "object": "file", "deleted": true]
                }
            },
            Route(.get, "/v1/files/:id/content") { request in try content(request) },
            Route(.post, "/v1/batches") { request in
                do { _ = try queue() } catch { return reply(to: error) }
                return try await whole(request) { json in
                    try queue().begin(BatchRequest(json), key: request.keyName, now: now()).json
                }
            },
            Route(.get, "/v1/batches") { request in
                try answered {
                    let batches = try queue().all(of: request.keyName).reversed()
                    return try list(batches.map { ($0.id, $0.json) }, request)
                }
            },
            Route(.get, "/v1/batches/:id") { request in
                try answered { try queue().batch(request.parameter("id") ?? "", of: request.keyName).json }
            },
            Route(.post, "/v1/batches/:id/cancel") { request in
                try answered {
                    try queue().cancel(request.parameter("id") ?? "", of: request.keyName, now: now()).json
                }
            },
        ]
    }

    /// Answers batches until the task is cancelled, while nobody else asks; returns at once where no folder for them was named.
    public func answerBatches() async {
        guard let batches else { return }
        let run = BatchRun(queue: batches, shelf: shelf, metrics: metrics, now: now, log: log)
        await batches.run { await run.work(on: $0) }
    }

    private func queue() throws(ServingFault) -> BatchQueue {
        guard let batches else {
            throw ServingFault(
                status: 404,
                ErrorReply(
                    message: "This server keeps no files: start it with --files FOLDER.", type: "invalid_request_error")
            )
        }
        return batches
    }

    private func upload(_ request: ServerRequest) async throws -> ServerReply {
        do {
            let queue = try queue()
            try queue.store.checkRoom()
            let id = FileStore.makeName("file")
            let limit = queue.limits.fileByteCount
            var upload = try FileUpload(request, to: queue.store.path(of: id), limit: limit)
            try await request.read(byteLimit: limit + FileUpload.overhead) { try upload.take($0) }
            let file = StoredFile(
                id: id, key: request.keyName, name: try upload.finish(), purpose: .batch, byteCount: upload.byteCount,
                created: now())
            try queue.store.add(file)
            return .json(file.json)
        } catch let error as CancellationError {
            throw error
        } catch {
            return reply(to: error)
        }
    }

    private func files(_ request: ServerRequest) throws -> JSON {
        var files = try queue().store.all(of: request.keyName)
        if let purpose = request.query("purpose") { files = files.filter { $0.purpose.rawValue == purpose } }
        switch request.query("order") ?? "desc" {
        case "asc": break
        case "desc": files.reverse()
        default: throw ServingFault.invalid("order", "“order” must be “asc” or “desc”.")
        }
        return try list(files.map { ($0.id, $0.json) }, request)
    }

    /// A page of a list: behind the entry that `after` names, at most `limit`.
    private func list(_ entries: [(id: String, json: JSON)], _ request: ServerRequest) throws -> JSON {
        var limit = 100
        if let text = request.query("limit") {
            guard let number = Int(text), (1...10_000).contains(number) else {
                throw ServingFault.invalid("limit", "“limit” must be a whole number from 1 to 10000.")
            }
            limit = number
        }
        var rest = entries[...]
        if let after = request.query("after") {
            guard let index = entries.firstIndex(where: { $0.id == after }) else {
                throw ServingFault.invalid("after", "“after” names nothing in the list.")
            }
            rest = entries[(index + 1)...]
        }
        let page = rest.prefix(limit)
        return [
            "object": "list", "data": .array(page.map(\.json)), "has_more": .bool(page.count < rest.count),
            "first_id": page.first.map { .string($0.id) } ?? .null,
            "last_id": page.last.map { .string($0.id) } ?? .null,
        ]
    }

    private static let chunkLength = 256 << 10

    private func content(_ request: ServerRequest) throws -> ServerReply {
        do {
            let store = try queue().store
            let file = try store.file(request.parameter("id") ?? "", of: request.keyName)
            // Mapped before the answer begins: a file that is deleted meanwhile is still sent whole.
            let mapped = try MappedFile(path: store.path(of: file.id))
            return ServerReply(contentType: "application/octet-stream") { write in
                let count = mapped.bytes.count
                for start in stride(from: 0, to: count, by: Self.chunkLength) {
                    let chunk = mapped.withBytes { Array($0[start..<min(count, start + Self.chunkLength)]) }
                    try await write(chunk)
                }
            }
        } catch {
            return reply(to: error)
        }
    }
}
