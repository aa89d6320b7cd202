public import GygesCheckpoints
public import GygesKernels
public import GygesTensors

/// The linear layers of a model as others call them, each with the projections that it is here.
///
/// transformers' names and ours part in two ways: ModernBERT's `Wqkv` and `Wi` are several projections here, and what has a
/// path of its own here may be a part of a tensor there. An adapter stands beside a layer, so that projections which are
/// one layer there share its `A`.
public struct ModelModules: Sendable {
    /// A linear layer.
    public struct Module: Sendable {
        /// What transformers calls it: `model.layers.0.self_attn.q_proj`.
        public var name: String
        /// What a GGUF file calls it: `blk.0.attn_q`; `nil` where it has no tensor of its own.
        public var storedName: String?
        /// Where parameters of its adapter have paths: `layers.0.attention.query`.
        public var path: ParameterPath
        /// The projections that it is made of, in the order of its outputs.
        public var parts: [Part]
        /// The number of inputs.
        public var inputs: Int
        /// Whether it is the model's last, which `all-linear` leaves out.
        public var isHead: Bool

        /// The number of outputs.
        public var outputs: Int { parts.last?.rows.upperBound ?? 0 }
        /// The path of the adapter's `A`.
        public var a: ParameterPath { path / "adapter" / "a" }
    }

    /// A projection within a layer.
    public struct Part: Sendable {
        /// The path of its weight, by which a model's projections are told apart.
        public var weight: ParameterPath
        /// The path of its part of the adapter's `B`.
        public var b: ParameterPath
        /// Which of the layer's outputs are its.
        public var rows: Range<Int>
        /// How its outputs are heads of queries or keys that are rotated: the channels of one; `nil` for others.
        public var rotatedHead: Int?
    }

    /// A parameter that an adapter may replace as a whole.
    struct Whole: Sendable {
        var path: ParameterPath
        var place: TensorPlace
        var shape: [Int]
        var rotatedHead: Int?
    }

    /// The layers, in the order of a pass.
    public let modules: [Module]
    /// Every parameter, and the head's matrix of its own that a tied model could have.
    let wholes: [Whole]
    /// What names may begin with: an adapter of the model without a head has names without it.
    let prefix: String
    /// How this model's heads form pairs when they are rotated, and how those of a GGUF file of it do.
    let layout: RotaryLayout, storedLayout: RotaryLayout
    /// What GGUF files call the model's architecture; `nil` for models of which there are none.
    private(set) var storedArchitecture: String?
    /// The weight of the head, and whether it is the embedding.
    let head: (weight: ParameterPath, isTied: Bool)?

    /// The layers of a decoder.
    ///
    /// - Parameter layout: How its heads form pairs when they are rotated: as the file that it was loaded from has them.
    public init(_ configuration: CausalModelConfiguration, layout: RotaryLayout) {
        let names = DecoderTensorNames.huggingFace
        let experts = configuration.experts?.count ?? 0
        let outline = DecoderWeights<MatrixShape, VectorShape>(shapesOf: configuration)
        let head = ParameterPath("head")
        self.init(
            outline, head: outline.head, headPath: head, headName: names.head,
            headDimension: configuration.headDimension,
            prefix: names.prefix,
            layouts: (layout, configuration.architecture.pairsNeighboursInGGUF ? .pairs : .halves),
            storedPlace: { DecoderTensorNames.gguf.place(of: $0, expertCount: experts) },
            place: { names.place(of: $0, expertCount: experts) })
        storedArchitecture = configuration.architecture.nameInGGUF
    }

    /// The layers of a loaded decoder.
    public init(_ decoder: Decoder) { self.init(decoder.configuration, layout: decoder.encoding.table.layout) }

    /// The layers of an encoder.
    ///
    /// - Parameter hasHead: Whether its head is loaded too.
    public init(_ configuration: EncoderConfiguration, hasHead: Bool) {
        let names = EncoderTensorNames(current: configuration)
        let outline = EncoderWeights<MatrixShape, VectorShape>(shapesOf: configuration, hasHead: hasHead)
        let head = ParameterPath("head.scores")
        self.init(
            outline, head: outline.head?.scores, headPath: head, headName: names.place(of: head / "weight").tensor,
            headDimension: configuration.headDimension, prefix: names.prefix, layouts: (.halves, .halves),
            storedPlace: { _ in nil }, place: names.place)
    }

    private init(
        _ outline: some ParameterTree<MatrixShape, VectorShape>, head: Projection<MatrixShape, VectorShape>?,
        headPath: ParameterPath, headName: String, headDimension: Int, prefix: String,
        layouts: (own: RotaryLayout, stored: RotaryLayout), storedPlace: (ParameterPath) -> TensorPlace?,
        place: @escaping (ParameterPath) -> TensorPlace
    ) {
        func rotatedHead(_ path: ParameterPath) -> Int? {
            let part = path.components.dropLast().last
            return part == "query" || part == "key" ? headDimension : nil
        }
        let own = headPath / "weight"
        let isTied = head.map { $0.weight.path != own } ?? false
        var modules: [Module] = []
        for projection in outline.projections {
            let weight = projection.weight
            let isHead = weight.path == head?.weight.path
            let stem = isHead ? headPath : weight.path.parent
            let tensor = isHead ? headName : place(weight.path).tensor
            let stored = isHead && isTied ? nil : storedPlace(weight.path)
            let isContinued = modules.last.map { $0.name == tensor.withoutWeight } ?? false
            let first = isContinued ? modules[modules.count - 1].outputs : 0
            let part = Part(
                weight: weight.path, b: stem / "adapter" / "b", rows: first..<first + weight.value.rows,
                rotatedHead: rotatedHead(weight.path))
            if isContinued {
                modules[modules.count - 1].parts.append(part)
                modules[modules.count - 1].path = stem.parent
            } else {
                modules.append(
                    Module(
                        name: tensor.withoutWeight, storedName: stored?.wholeTensor?.withoutWeight, path: stem,
                        parts: [part],
                        inputs: weight.value.columns, isHead: isHead))
            }
        }
        var wholes: [Whole] = []
        outline.forEachParameter(
            matrix: { parameter in
                wholes.append(
                    Whole(
                        path: parameter.path, place: place(parameter.path),
                        shape: [parameter.value.rows, parameter.value.columns],
                        rotatedHead: rotatedHead(parameter.path)))
            },
            vector: { parameter in
                wholes.append(
                    Whole(
                        path: parameter.path, place: place(parameter.path), shape: [parameter.value.count],
                        rotatedHead: rotatedHead(parameter.path)))
            })
        if isTied, let shape = head?.weight.value {
            wholes.append(Whole(path: own, place: TensorPlace(headName), shape: [shape.rows, shape.columns]))
        }
        self.modules = modules
        self.wholes = wholes
        self.prefix = prefix
        (layout, storedLayout) = layouts
        self.head = head.map { ($0.weight.path, isTied) }
    }

    /// The bare name of the tensor of the embedding.
    var embeddingName: Substring {
        wholes.first { $0.path == ParameterPath("embedding.weight") }.map { bare($0.place.tensor) } ?? ""
    }

    /// A name without what models with a head put before it.
    func bare(_ name: String) -> Substring {
        name.hasPrefix(prefix) ? name.dropFirst(prefix.count) : Substring(name)
    }
}

extension ParameterPath {
    /// The path above.
    fileprivate var parent: ParameterPath { ParameterPath(components.dropLast().joined(separator: ".")) }
}

extension String {
    /// A tensor's name as that of its layer.
    var withoutWeight: String { hasSuffix(".weight") ? String(dropLast(7)) : self }
}

extension TensorPlace {
    /// The tensor, where the parameter is all of it.
    fileprivate var wholeTensor: String? { if case .slice = part { nil } else { tensor } }
}
