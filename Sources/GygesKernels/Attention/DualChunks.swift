/// How Dual Chunk Attention (An et al. 2024, https://arxiv.org/abs/2402.17463) places tokens, so that no relative position
/// exceeds what the model was trained on.
///
/// A sequence is cut into chunks of ``stride`` positions. A key is rotated once, by its place in its chunk. A query is rotated by
/// its own place for keys of its own chunk, by a place beyond the chunk for keys of the chunk before, and by one constant
/// for all older keys. Distances up to `size - stride + 1` are always the true ones, and none exceeds ``size``.
public struct DualChunks: Sendable, Hashable {
    /// The largest relative position.
    public let size: Int
    /// The positions in a chunk; the paper's chunk size less its local window.
    public let stride: Int

    /// Chunks of `stride` positions and relative positions up to `size`, which is at least `stride`.
    public init(size: Int, stride: Int) {
        self.stride = max(1, stride)
        self.size = max(size, self.stride)
    }

    /// Chunks that ``attention(queries:rowCount:queryStride:queryHeadCount:sequences:layout:scale:into:logSumExp:team:)``
    /// can compute: `size - localWindow` positions, rounded down to whole blocks of 64 (one at least), which makes the
    /// local window longer by what was rounded off.
    public init(size: Int, localWindow: Int) {
        let length = KeyValueLayout.blockLength
        self.init(size: size, stride: max(1, (size - localWindow) / length) * length)
    }

    /// Chunks for a model trained on `context` positions, as ChunkLlama sets them: relative positions up to three
    /// quarters of the context, with a local window of a sixteenth.
    public init(nativeContext context: Int) { self.init(size: context / 4 * 3, localWindow: context / 16) }

    /// The position by which token `index` is rotated as a key, and as a query of keys in its own chunk.
    public func position(of index: Int) -> Int { index % stride }

    /// The position by which token `index` is rotated as a query of keys `chunks` chunks before its own.
    public func queryPosition(of index: Int, chunksBack chunks: Int) -> Int {
        switch chunks {
        case 0: position(of: index)
        case 1: min(position(of: index) + stride, size)
        default: min(2 * stride - 1, size)
        }
    }

    /// The relative position at which query `query` sees key `key`, not after it.
    public func distance(from query: Int, to key: Int) -> Int {
        queryPosition(of: query, chunksBack: query / stride - key / stride) - position(of: key)
    }
}
