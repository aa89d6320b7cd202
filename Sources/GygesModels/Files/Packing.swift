public import GygesTensors

/// How far the loading of a model's weights is.
public struct LoadingProgress: Sendable, Equatable {
    /// What is done with the weights.
    public enum Work: String, Sendable {
        /// A packed copy that an earlier run left is verified.
        case reading
        /// Matrices are laid out as products read them.
        case packing
    }

    /// What is done.
    public var work: Work
    /// Packed bytes that are done.
    public var byteCount: Int
    /// Packed bytes in all.
    public var totalByteCount: Int
}

/// Where packed weights are kept, and who hears how far loading is.
public struct Packing: Sendable {
    /// Where packed copies are kept between runs, so that later starts map them instead of packing: at most the model's size
    /// for each model and precision. `nil` keeps nothing. A folder that cannot be used, or a copy in it that is damaged or of
    /// another model, only costs time.
    public var folder: String?
    /// Told how far loading is, a few times a second at most of a large model's matrices, on the thread that loads.
    public var progress: (@Sendable (LoadingProgress) -> Void)?

    /// Which matrices are packed, by their paths; the others stay as their files hold them. Weights that a tape trains become floats of
    /// their own, and panels of them would only take memory.
    public var packs: @Sendable (ParameterPath) -> Bool

    /// Keeps no copies, tells nobody and packs everything, unless asked to.
    public init(
        folder: String? = nil, progress: (@Sendable (LoadingProgress) -> Void)? = nil,
        packs: @escaping @Sendable (ParameterPath) -> Bool = { _ in true }
    ) {
        self.folder = folder
        self.progress = progress
        self.packs = packs
    }
}
