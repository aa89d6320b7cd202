public import GygesFiles
import GygesTensors

/// Some documents of another store, as a source of their own.
public struct DocumentSelection: DocumentStore {
    /// What messages call it.
    public let name: String
    /// The digest of the whole store and of what was chosen.
    public let digest: String
    private let store: any DocumentStore
    private let chosen: [Int]

    /// The documents of some numbers.
    ///
    /// - Parameter chosen: Numbers of documents of the store.
    public init(_ store: any DocumentStore, chosen: [Int], name: String) {
        self.store = store
        self.chosen = chosen
        self.name = name
        var running = RunningDigest()
        running.update(store.digest)
        chosen.withUnsafeBytes { running.update($0) }
        digest = running.value
    }

    /// The number of documents.
    public var count: Int { chosen.count }

    /// The number of a document's tokens.
    public func length(of document: Int) throws(FileError) -> Int { try store.length(of: chosen[document]) }

    /// A document.
    public func document(_ document: Int) throws(FileError) -> Document { try store.document(chosen[document]) }

    /// Where it stands in the whole store.
    public func place(of document: Int) -> String { store.place(of: chosen[document]) }
}

extension DocumentStore {
    /// Keeps a share of the documents apart, by what is in them: two equal ones are on the same side, whatever stands around them.
    ///
    /// - Returns: The documents to learn from, and those held out.
    /// - Throws: `FileError` if the store contradicts itself.
    /// - Complexity: O(tokens).
    public func split(
        holdingOut share: Double, seed: UInt64
    ) throws(FileError) -> (learned: DocumentSelection, heldOut: DocumentSelection) {
        var (learned, heldOut): ([Int], [Int]) = ([], [])
        let bits = KeyedBits(seed: seed).branch(1)
        for number in 0..<count {
            if bits.fraction(at: try document(number).key) < share {
                heldOut.append(number)
            } else {
                learned.append(number)
            }
        }
        return (
            DocumentSelection(self, chosen: learned, name: name),
            DocumentSelection(self, chosen: heldOut, name: "held-out part of \(name)")
        )
    }

    /// The documents of another store whose tokens are those of one of these, at most so many.
    ///
    /// - Throws: `FileError` if a store contradicts itself.
    /// - Complexity: O(tokens of both).
    public func duplicates(in other: any DocumentStore, limit: Int = 5) throws(FileError) -> [Int] {
        var keys: Set<UInt64> = []
        for number in 0..<count { keys.insert(try document(number).key) }
        var found: [Int] = []
        for number in 0..<other.count where found.count < limit {
            if keys.contains(try other.document(number).key) { found.append(number) }
        }
        return found
    }
}

extension Document {
    /// A number that tells documents of other tokens apart (FNV-1a, mixed).
    fileprivate var key: UInt64 {
        KeyedBits(
            seed: tokens.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64(UInt32(bitPattern: $1))) &* 0x100_0000_01b3 }
        ).bits(at: 0)
    }
}
