public import GygesCheckpoints
public import GygesFiles
public import GygesTensors

/// Which tensors of a file hold which parameters of a model, as transformers names and joins them, or llama.cpp.
public struct CheckpointLayout: Sendable {
    /// A tensor.
    public struct Tensor: Sendable, Equatable {
        /// What the file calls it.
        public var name: String
        /// Its dimensions, the slowest first.
        public var shape: [Int]
        /// The parameters whose elements follow one another in it: one, or the parts of a joined matrix.
        public var parameters: [ParameterPath]
    }

    /// The tensors, in the order in which a pass reads them.
    public let tensors: [Tensor]

    /// Collects the tensors that hold the parameters of an outline.
    init(of outline: some ParameterTree<MatrixShape, VectorShape>, place: (ParameterPath) -> TensorPlace) {
        var tensors: [Tensor] = []
        var indices: [String: Int] = [:]
        func add(_ path: ParameterPath, _ shape: [Int]) {
            let place = place(path)
            if let index = indices[place.tensor] {
                tensors[index].parameters.append(path)
            } else {
                indices[place.tensor] = tensors.count
                tensors.append(
                    Tensor(name: place.tensor, shape: place.tensorShape(for: shape), parameters: [path]))
            }
        }
        var parameters: [(ParameterPath, [Int])] = []
        outline.forEachParameter(
            matrix: { parameters.append(($0.path, [$0.value.rows, $0.value.columns])) },
            vector: { parameters.append(($0.path, [$0.value.count])) })
        for (path, shape) in parameters { add(path, shape) }
        self.tensors = tensors
    }

    /// The layout of a decoder's folder.
    public init(_ configuration: CausalModelConfiguration) {
        let experts = configuration.experts?.count ?? 0
        self.init(of: DecoderWeights<MatrixShape, VectorShape>(shapesOf: configuration)) {
            DecoderTensorNames.huggingFace.place(of: $0, expertCount: experts)
        }
    }

    /// The layout of a decoder's GGUF file.
    public init(gguf configuration: CausalModelConfiguration) {
        let experts = configuration.experts?.count ?? 0
        self.init(of: DecoderWeights<MatrixShape, VectorShape>(shapesOf: configuration)) {
            DecoderTensorNames.gguf.place(of: $0, expertCount: experts)
        }
    }

    /// The layout of an encoder's folder, the head of its task included.
    public init(_ configuration: EncoderConfiguration) {
        let names = EncoderTensorNames(current: configuration)
        self.init(
            of: EncoderWeights<MatrixShape, VectorShape>(shapesOf: configuration, hasHead: true), place: names.place)
    }

    /// Writes a safetensors file that replaces the one at `path`.
    ///
    /// - Parameters:
    ///   - type: How all elements are stored: `.f32`, or `.bf16` rounded to nearest even.
    ///   - elements: The elements of a parameter, row after row.
    /// - Throws: ``FileError`` if the file cannot be written.
    /// - Precondition: `type` is one of the two, and every parameter has as many elements as its part of a tensor.
    /// - Complexity: The memory of one parameter.
    public func write(
        as type: SafetensorsType, to path: String, elements: (ParameterPath) throws(FileError) -> [Float]
    ) throws(FileError) {
        guard type == .f32 || type == .bf16 else { fatalError("trained weights are not written as \(type.rawValue)") }
        let outlines = tensors.map { SafetensorsWriter.Outline(name: $0.name, type: type, shape: $0.shape) }
        try SafetensorsWriter.write(outlines, metadata: [("format", "pt")], to: path) {
            (index, output) throws(FileError) in
            for path in tensors[index].parameters {
                let values = try elements(path)
                try output.append(type == .f32 ? values.bytes : values.map(\.bfloat16Bits).bytes)
            }
        }
    }

    /// Writes a GGUF file that replaces the one at `path`, with the metadata of another: that of the model before it was trained.
    ///
    /// - Parameters:
    ///   - type: How matrices are stored: `.f32`, or `.bf16` rounded to nearest even. Vectors are floats of 32 bits.
    ///   - original: The model's file, or the first of several. Its tensors that are no parameters, such as divisors of rotary frequencies,
    ///     are copied.
    ///   - replaced: Entries of the metadata that are not the original's, by their keys; it may have none of them.
    ///   - elements: The elements of a parameter, row after row.
    /// - Throws: ``FileError`` if the file cannot be written.
    /// - Precondition: As of ``write(as:to:elements:)``.
    public func write(
        as type: GGUFTensorType, like original: GGUFFile, replacing replaced: [String: [UInt8]] = [:], to path: String,
        elements: (ParameterPath) throws(FileError) -> [Float]
    ) throws(FileError) {
        guard type == .f32 || type == .bf16 else { fatalError("trained weights are not written as \(type.name)") }
        func stored(_ tensor: Tensor) -> GGUFTensorType { tensor.shape.count > 1 ? type : .f32 }
        let names = Set(tensors.map(\.name)).union([DecoderTensorNames.gguf.head])
        let others = original.tensors.filter { !names.contains($0.name) }
        var replaced = replaced
        var entries = original.keys.filter { !Self.replacedKeys.contains($0) }.compactMap { key in
            replaced.removeValue(forKey: key) ?? original.entryBytes(of: key).map(Array.init)
        }
        // Those that the original left to their usual values.
        entries += replaced.sorted { $0.key < $1.key }.map(\.value)
        try GGUFWriter.write(
            entries: entries + [GGUFWriter.entry("general.file_type", type == .f32 ? UInt32(0) : 32)],
            tensors: tensors.map { .init(name: $0.name, type: stored($0), shape: $0.shape) }
                + others.map { .init(name: $0.name, type: $0.type, shape: $0.shape) }, to: path
        ) { (index, output) throws(FileError) in
            guard tensors.indices.contains(index) else {
                return try output.append(original.bytes(of: others[index - tensors.count]))
            }
            for path in tensors[index].parameters {
                let values = try elements(path)
                try output.append(stored(tensors[index]) == .f32 ? values.bytes : values.map(\.bfloat16Bits).bytes)
            }
        }
    }

    /// What the metadata of a file that was trained says anew, or no more.
    private static let replacedKeys: Set = [
        "general.file_type", "general.alignment", "general.quantization_version", "split.count", "split.no",
        "split.tensors.count",
    ]
}

extension Array where Element: BitwiseCopyable {
    /// The elements as they lie in memory.
    var bytes: [UInt8] { withUnsafeBytes(Array<UInt8>.init) }
}

extension Float {
    /// The upper half of the number, rounded to nearest even; not-a-number stays one.
    var bfloat16Bits: UInt16 {
        guard !isNaN else { return 0x7fc0 }
        return UInt16(truncatingIfNeeded: (bitPattern &+ 0x7fff &+ (bitPattern >> 16 & 1)) >> 16)
    }
}
