public import GygesKernels

/// Where keys and values of earlier passes are, and where this pass's go: the cache of the eager interpreter.
///
/// The memory is the caller's, stays valid while a pass runs, and nobody else writes to it meanwhile.
public struct KeyValueBinding: AttentionCache {
    /// The arrangement of a block of 64 positions of one layer.
    public var layout: KeyValueLayout
    /// For each sequence of the batch in order: the memory of its blocks, each holding all layers one after another.
    public var blocks: [[UnsafeMutableRawPointer]]

    /// One layer's part of every block.
    public struct Layer {
        let layout: KeyValueLayout
        let blocks: [[UnsafeMutableRawPointer]]
        let byteOffset: Int
    }

    /// Creates a binding; each sequence's blocks must hold its last position in the batch.
    public init(layout: KeyValueLayout, blocks: [[UnsafeMutableRawPointer]]) {
        self.layout = layout
        self.blocks = blocks
    }

    /// The view of one layer. Complexity: O(1).
    public func layer(_ index: Int) -> Layer {
        Layer(layout: layout, blocks: blocks, byteOffset: index * layout.blockByteCount)
    }
}
