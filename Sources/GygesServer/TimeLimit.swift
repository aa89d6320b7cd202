/// What was done has taken longer than it may.
public struct TimeLimitPassed: Error, Equatable {
    /// Creates the error.
    public init() {}
}

/// Does something for as long as it may take, and cancels it then.
///
/// - Parameter limit: How long; `nil` for any time.
/// - Throws: ``TimeLimitPassed`` once what was cancelled has ended; what `work` throws.
public func withTimeLimit(_ limit: Duration?, _ work: @escaping @Sendable () async throws -> Void) async throws {
    guard let limit else { return try await work() }
    try await withThrowingTaskGroup(of: Bool.self) { group in
        group.addTask {
            try await work()
            return true
        }
        group.addTask {
            try await Task.sleep(for: limit)
            return false
        }
        defer { group.cancelAll() }
        guard try await group.next() == true else { throw TimeLimitPassed() }
    }
}
