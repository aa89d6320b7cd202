/// Does `work` for every item, at most `width` at once, and reports each as it ends.
///
/// The first error ends the work: what is under way is cancelled and awaited, and the error is thrown. What ended
/// before is done.
func forEach<Item: Sendable>(
    _ items: [Item], atMost width: Int, work: @escaping @Sendable (Item) async throws -> Void, didFinish: () -> Void
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        var waiting = items.makeIterator()
        for _ in 0..<max(1, width) {
            guard let item = waiting.next() else { break }
            group.addTask { try await work(item) }
        }
        while try await group.next() != nil {
            didFinish()
            try Task.checkCancellation()
            if let item = waiting.next() { group.addTask { try await work(item) } }
        }
    }
}
