import GygesFiles
import GygesWire

extension ServingMetrics {
    /// What `GET /v1/usage` answers: sums of what requests have used and, where there were workers, of what these have spent their time on.
    ///
    /// - Parameter names: What sums are told apart by, with commas; by key and day if nothing is said.
    /// - Throws: ``ServingFault`` if there is no book, or a name means nothing; `FileError` if the book cannot be read.
    func usage(by names: String?) throws -> JSON {
        guard let book else {
            throw ServingFault(
                status: 404,
                ErrorReply(
                    message: "This server notes no usage: start it with --usage FILE.", type: "invalid_request_error"))
        }
        let groupings = try (names ?? "key,day").split(separator: ",").map { name throws(ServingFault) in
            guard let grouping = UsageBook.Grouping(rawValue: String(name)) else {
                let known = UsageBook.Grouping.allCases.map(\.rawValue).joined(separator: ", ")
                throw .invalid("group_by", "“group_by” is some of \(known), with commas.")
            }
            return grouping
        }
        var answer = JSONObject([("object", "list"), ("data", .array(try book.sums(by: groupings)))])
        let workers = try book.workerSums()
        if !workers.isEmpty { answer["workers"] = .array(workers) }
        return .object(answer)
    }

    /// What happened to a request, by its name.
    ///
    /// - Throws: ``ServingFault`` if none of that name is remembered.
    func trace(_ id: String?) throws -> JSON {
        guard let trace = traces[id ?? ""] else {
            throw ServingFault(
                status: 404,
                ErrorReply(
                    message:
                        "No request of that name is remembered: the last 512 are, by the x-request-id of their answers.",
                    type: "invalid_request_error", parameter: "id"))
        }
        return trace.json
    }
}
