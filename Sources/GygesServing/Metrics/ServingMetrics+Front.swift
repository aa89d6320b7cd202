public import GygesServer
public import GygesWorkers

extension ServingMetrics: ExchangeMeter {
    /// Begins to note a request that is handed on.
    public func begin(_ model: String, _ request: ServerRequest) -> any ExchangeRecord {
        FrontRecord(record: begin(model, of: RequestOrigin(request)))
    }
}

/// The record of a request that a worker answers.
private struct FrontRecord: ExchangeRecord {
    let record: RequestRecord

    func begin() { record.beginAnew() }
    func take(_ report: WorkerReport) { record.take(report) }
    func fail(_ status: Int) { record.fail(status) }
    func drop() { record.drop() }
}
