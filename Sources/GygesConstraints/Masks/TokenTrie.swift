import GygesTokenizer

/// The tokens that stand for text, as a tree of their bytes laid out in depth-first order.
///
/// Special tokens are left out, as are tokens without bytes and tokens longer than ``lengthLimit``. Siblings are in the
/// order of their bytes, so that tokens sorted by their bytes stand in the order of the nodes, and a node's tokens are a range.
struct TokenTrie: Sendable {
    /// A node, reached by one byte more than its parent.
    struct Node: Sendable {
        /// The first node after this one's descendants.
        var end: Int32
        /// The index of its first token in ``tokens``; its last one comes before the next node's first.
        var firstToken: Int32
        /// The number of bytes up to here.
        var depth: UInt16
        var byte: UInt8
    }

    /// All nodes in depth-first order, then one more that ends the last one's tokens. The root, which has no byte, is left out.
    let nodes: FrozenBuffer<Node>
    /// The tokens in the order of their bytes.
    let tokens: FrozenBuffer<Int32>
    /// The number of nodes.
    let nodeCount: Int
    /// The maximum number of bytes.
    let depth: Int

    /// The longest token that is used, in bytes.
    static let lengthLimit = 512

    /// Lays out a tokenizer's tokens.
    ///
    /// - Complexity: O(bytes + tokens × log tokens); about 50 ms for 150,000 tokens.
    init(_ tokenizer: Tokenizer) {
        let table = tokenizer.table
        // Sorted by the first eight bytes at once, which decide for most.
        var order: [(key: UInt64, token: Int32)] = []
        order.reserveCapacity(tokenizer.vocabularyCount)
        for token in 0..<Int32(tokenizer.vocabularyCount) {
            let kind = tokenizer.kind(of: token)
            let bytes = table.bytes(of: Int(token))
            guard kind.contains(.defined), !kind.contains(.special), (1...Self.lengthLimit).contains(bytes.count) else {
                continue
            }
            var key: UInt64 = 0
            for index in 0..<8 { key = key << 8 | (index < bytes.count ? UInt64(bytes[index]) : 0) }
            order.append((key, token))
        }
        order.sort { a, b in
            if a.key != b.key { return a.key < b.key }
            let (left, right) = (table.bytes(of: Int(a.token)), table.bytes(of: Int(b.token)))
            if left.lexicographicallyPrecedes(right) { return true }
            return !right.lexicographicallyPrecedes(left) && a.token < b.token
        }

        var nodes: [Node] = []
        var path: [Int] = []  // The nodes from the root to the token before.
        var depth = 0
        var previous = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
        for (index, entry) in order.enumerated() {
            let bytes = table.bytes(of: Int(entry.token))
            var common = 0
            while common < min(bytes.count, previous.count), bytes[common] == previous[common] { common += 1 }
            for node in path[common...] { nodes[node].end = Int32(nodes.count) }
            path.removeLast(path.count - common)
            for position in common..<bytes.count {
                path.append(nodes.count)
                nodes.append(
                    Node(end: 0, firstToken: Int32(index), depth: UInt16(position + 1), byte: bytes[position]))
            }
            depth = max(depth, bytes.count)
            previous = bytes
        }
        for node in path { nodes[node].end = Int32(nodes.count) }
        nodeCount = nodes.count
        nodes.append(Node(end: Int32(nodes.count), firstToken: Int32(order.count), depth: 0, byte: 0))
        self.nodes = FrozenBuffer(nodes)
        tokens = FrozenBuffer(order.map(\.token))
        self.depth = depth
    }

    /// The tokens that end at a node.
    func tokens(at node: Int) -> UnsafeBufferPointer<Int32> {
        let start = Int(nodes.base[node].firstToken)
        return UnsafeBufferPointer(start: tokens.base + start, count: Int(nodes.base[node + 1].firstToken) - start)
    }

    /// Whether each byte is a token by itself.
    func isToken() -> [Bool] {
        var found = [Bool](repeating: false, count: 256)
        for node in topNodes() where !tokens(at: node).isEmpty { found[Int(nodes.base[node].byte)] = true }
        return found
    }

    /// The nodes of one byte.
    func topNodes() -> [Int] {
        var found: [Int] = []
        var node = 0
        while node < nodeCount {
            found.append(node)
            node = Int(nodes.base[node].end)
        }
        return found
    }
}
