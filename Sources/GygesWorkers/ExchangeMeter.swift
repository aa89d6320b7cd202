public import GygesServer

/// What notes requests that are handed on to workers.
public protocol ExchangeMeter: Sendable {
    /// Begins to note a request of a model.
    ///
    /// - Parameter model: A name that the server knows: of a model, or of a model's adapter.
    func begin(_ model: String, _ request: ServerRequest) -> any ExchangeRecord
}

/// The record of a request that is handed on. It is over with the first that ends it; one that nothing has ended is that of a client
/// which has left.
public protocol ExchangeRecord: Sendable {
    /// A worker has the request: what another one told that was lost is not true any more.
    func begin()
    /// A worker has told what was used; a report with a status ends the record.
    func take(_ report: WorkerReport)
    /// Ends the record with a status.
    func fail(_ status: Int)
    /// Ends the record of a request that used nothing, such as one for tokens: nothing is noted.
    func drop()
}
