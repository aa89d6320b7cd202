/// An adapter apart from any model: its settings and its matrices by the names of the modules beside which they stand.
public struct StoredAdapter: Sendable, Equatable {
    /// Whose names modules have, and whose order the rows of queries and keys.
    public enum Naming: Sendable, Equatable {
        /// `model.layers.0.self_attn.q_proj`, as transformers calls it.
        case huggingFace
        /// `blk.0.attn_q`; Llama's queries and keys have their channels in pairs.
        case gguf
    }

    /// The matrices beside one linear layer.
    public struct Module: Sendable, Equatable {
        /// The layer's name.
        public var name: String
        /// `A` `[rank, inputs]`
        public var a: StoredMatrix
        /// `B` `[outputs, rank]`
        public var b: StoredMatrix

        /// Puts both together.
        public init(_ name: String, a: StoredMatrix, b: StoredMatrix) {
            self.name = name
            self.a = a
            self.b = b
        }
    }

    /// Ranks, scales, targets.
    public var settings: AdapterSettings
    /// Whose names ``modules`` and ``saved`` have.
    public var naming: Naming
    /// The layers that have matrices, in the order of their names.
    public var modules: [Module]
    /// Parameters that were trained whole and stand for the base's, such as `lm_head.weight`, in the order of their names.
    public var saved: [SavedParameter]
    /// What a GGUF file calls the architecture of the base; `nil` for a folder, which does not say.
    public var architecture: String?
    /// Layers of which PEFT saved the base's own weight beside the adapter, as it does with heads and embeddings: the base has it,
    /// and nothing is computed with the copy.
    public var baseCopies: [SavedParameter]

    /// A parameter that was trained whole.
    public struct SavedParameter: Sendable, Equatable {
        /// Its name.
        public var name: String
        /// Its elements; a vector is a matrix of one row.
        public var elements: StoredMatrix
        /// Whether it is a vector.
        public var isVector: Bool

        /// Puts name and elements together.
        public init(_ name: String, _ elements: StoredMatrix, isVector: Bool) {
            self.name = name
            self.elements = elements
            self.isVector = isVector
        }
    }

    /// Puts an adapter together; modules and parameters are sorted.
    public init(
        settings: AdapterSettings, naming: Naming = .huggingFace, modules: [Module], saved: [SavedParameter] = [],
        baseCopies: [SavedParameter] = []
    ) {
        self.settings = settings
        self.naming = naming
        self.modules = modules.sorted { $0.name < $1.name }
        self.saved = saved.sorted { $0.name < $1.name }
        self.baseCopies = baseCopies.sorted { $0.name < $1.name }
    }
}

/// A matrix of floats out of a file, or on its way into one.
public struct StoredMatrix: Sendable, Equatable {
    /// The number of rows.
    public var rows: Int
    /// The number of columns.
    public var columns: Int
    /// Row after row.
    public var elements: [Float]

    /// Puts a matrix together.
    ///
    /// - Precondition: There are `rows · columns` elements.
    public init(_ elements: [Float], rows: Int, columns: Int) {
        guard elements.count == rows * columns else {
            fatalError("a matrix [\(rows), \(columns)] has not \(elements.count) elements")
        }
        self.rows = rows
        self.columns = columns
        self.elements = elements
    }
}
