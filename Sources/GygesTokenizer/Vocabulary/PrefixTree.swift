/// The tokens of a table as a tree of their bytes, to find all that a text begins with.
struct PrefixTree: Sendable {
    private struct Node: BitwiseCopyable {
        /// The token that ends here, or -1.
        var token: Int32
        /// The children are `childCount` nodes from here on, in the order of their bytes.
        var firstChild: Int32
        var childCount: UInt16 = 0
        var byte: UInt8
    }

    private let nodes: FrozenBuffer<Node>

    /// Lays out the tokens to which text can be encoded.
    ///
    /// - Complexity: O(bytes + tokens × log tokens).
    init(_ table: TokenTable) {
        var order: [(key: UInt64, token: Int32)] = []
        for token in 0..<table.count where table.canBeFound(token) && !table.bytes(of: token).isEmpty {
            var key: UInt64 = 0
            let bytes = table.bytes(of: token)
            for index in 0..<8 { key = key << 8 | (index < bytes.count ? UInt64(bytes[index]) : 0) }
            order.append((key, Int32(token)))
        }
        order.sort { a, b in
            if a.key != b.key { return a.key < b.key }
            return table.bytes(of: Int(a.token)).lexicographicallyPrecedes(table.bytes(of: Int(b.token)))
        }
        // Level by level: a node's tokens are those that begin with its bytes, a range of the order.
        var nodes = [Node(token: -1, firstChild: 0, byte: 0)]
        var ranges = [0..<order.count]
        var depths = [0]
        var index = 0
        while index < nodes.count {
            let depth = depths[index]
            var range = ranges[index]
            // Without duplicates, one token at most ends here, and it comes first.
            if depth > 0, let first = range.first, table.bytes(of: Int(order[first].token)).count == depth {
                nodes[index].token = order[first].token
                range = range.dropFirst()
            }
            nodes[index].firstChild = Int32(nodes.count)
            while let first = range.first {
                let byte = table.bytes(of: Int(order[first].token))[depth]
                let end = range.first { table.bytes(of: Int(order[$0].token))[depth] != byte } ?? range.upperBound
                nodes.append(Node(token: -1, firstChild: 0, byte: byte))
                ranges.append(first..<end)
                depths.append(depth + 1)
                nodes[index].childCount += 1
                range = end..<range.upperBound
            }
            index += 1
        }
        self.nodes = FrozenBuffer(nodes)
    }

    /// Calls `body` with every token that a text begins with, shortest first, and its length in bytes.
    func forEachPrefix(of text: UnsafePointer<UInt8>, _ count: Int, _ body: (Int32, Int) -> Void) {
        var node = nodes.base[0]
        for index in 0..<count {
            guard let child = child(of: node, text[index]) else { return }
            node = child
            if node.token >= 0 { body(node.token, index + 1) }
        }
    }

    private func child(of node: Node, _ byte: UInt8) -> Node? {
        let children = nodes.base + Int(node.firstChild)
        var (low, high) = (0, Int(node.childCount))
        while low < high {
            let middle = (low + high) / 2
            if children[middle].byte < byte { low = middle + 1 } else { high = middle }
        }
        return low < Int(node.childCount) && children[low].byte == byte ? children[low] : nil
    }
}
