/// What an engine holds and has done, between two steps.
public struct EngineStatistics: Sendable, Equatable {
    /// Requests that wait for memory, for a place, or for a prefix that is being computed.
    public var waitingCount = 0
    /// Requests that are being computed.
    public var liveCount = 0
    /// Requests whose events nobody reads, and which are not computed until somebody does.
    public var unreadCount = 0

    /// The bytes of a page: keys and values of 64 positions.
    public var pageByteCount = 0
    /// The most pages that the memory bound allows.
    public var pageCapacity = 0
    /// Pages that requests use.
    public var usedPageCount = 0
    /// Pages that nobody uses, kept for requests that begin alike.
    public var cachedPageCount = 0
    /// The most pages that ever were in memory together.
    public var peakPageCount = 0
    /// Pages that were forgotten because their memory was needed.
    public var evictedPageCount = 0
    /// How often a request had to give its pages to an earlier one, to be computed again later.
    public var preemptionCount = 0

    /// The bytes of the adapters of all requests that are not over.
    public var adapterByteCount = 0

    /// Passes through the model.
    public var stepCount = 0
    /// Rows of all passes: tokens computed, proposed ones included.
    public var rowCount = 0
    /// Tokens of requests that were found computed.
    public var reusedTokenCount = 0
    /// Tokens that were proposed by speculation, and computed to be verified.
    public var proposedTokenCount = 0
    /// Proposed tokens that were right.
    public var acceptedTokenCount = 0
}
