public import GygesFiles

/// Several stores as one source: the shards of a corpus, the files of a folder.
public struct JoinedDocuments: DocumentStore {
    /// What messages call it; faults name the store that they are in.
    public let name: String
    /// The digest of the stores' digests in their order.
    public let digest: String
    private let stores: [any DocumentStore]
    /// For each store the number of documents up to its end.
    private let ends: [Int]

    /// Stores one after another.
    ///
    /// - Throws: ``FileError`` if they hold more documents than can be counted.
    public init(_ stores: [any DocumentStore], name: String) throws(FileError) {
        self.name = name
        self.stores = stores
        var ends: [Int] = [], total = 0
        for store in stores {
            let (sum, overflow) = total.addingReportingOverflow(store.count)
            guard !overflow else {
                throw FileError(name, "holds more documents than can be counted", remedy: "Check its files.")
            }
            total = sum
            ends.append(total)
        }
        self.ends = ends
        digest = Digest.sha256(stores.map(\.digest).joined(separator: "\n"))
    }

    /// The number of documents.
    public var count: Int { ends.last ?? 0 }

    /// The number of a document's tokens.
    ///
    /// - Complexity: O(log stores).
    public func length(of document: Int) throws(FileError) -> Int {
        let (store, place): (Int, Int) = place(of: document)
        return try stores[store].length(of: place)
    }

    /// A document.
    ///
    /// - Complexity: O(log stores + tokens).
    public func document(_ document: Int) throws(FileError) -> Document {
        let (store, place): (Int, Int) = place(of: document)
        return try stores[store].document(place)
    }

    /// What the document's own store says.
    public func place(of document: Int) -> String {
        let (store, place): (Int, Int) = self.place(of: document)
        return stores[store].place(of: place)
    }

    private func place(of document: Int) -> (store: Int, document: Int) {
        guard document >= 0, document < count else { fatalError("document \(document) of \(count)") }
        var (low, high) = (0, ends.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if ends[middle] > document { high = middle } else { low = middle + 1 }
        }
        return (low, document - (low == 0 ? 0 : ends[low - 1]))
    }
}
