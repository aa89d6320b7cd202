import GygesCheckpoints
public import GygesFiles
public import GygesKernels
public import GygesModels
import GygesTensors
import Synchronization

/// A file or folder of an adapter, and how much of it is wanted.
public struct AdapterReference: Sendable, Hashable {
    /// A PEFT folder, or a GGUF file.
    public var path: String
    /// What the adapter's terms are multiplied by.
    public var weight: Float

    /// Names an adapter.
    public init(path: String, weight: Float = 1) {
        self.path = path
        self.weight = weight
    }

    /// Reads an adapter and finds its places on a model.
    ///
    /// - Throws: ``FileError`` if it cannot be read or does not fit, or if parameters that were trained whole are to have a weight.
    func adapter(on model: ModelModules) throws(FileError) -> ModelAdapter {
        let adapter = try ModelAdapter(StoredAdapter(path: path), on: model, path: path)
        guard adapter.replaced.isEmpty || weight == 1 else {
            throw FileError(
                path, "has parameters that were trained whole, of which there is no part",
                remedy: "Use the adapter without a weight.")
        }
        return adapter.weighted(weight)
    }

    /// The adapter that several add up to.
    ///
    /// - Throws: As for each of them; ``FileError`` if two bring parameters that were trained whole.
    static func sum(_ references: [AdapterReference], on model: ModelModules) throws(FileError) -> ModelAdapter {
        var adapters: [ModelAdapter] = []
        for reference in references {
            let adapter = try reference.adapter(on: model)
            guard adapter.replaced.isEmpty || adapters.allSatisfy(\.replaced.isEmpty) else {
                throw FileError(
                    reference.path, "has parameters that were trained whole, and so has an adapter before it",
                    remedy: "Use one adapter of this kind at a time.")
            }
            adapters.append(adapter)
        }
        return ModelAdapter.sum(adapters)
    }

    /// The digest of a model with adapters: that of its files without any.
    static func digest(of model: String, with references: [AdapterReference]) throws(FileError) -> String {
        guard !references.isEmpty else { return model }
        var parts = model + "\n"
        for reference in references {
            parts +=
                "\(try GygesInference.digest(ofFiles: StoredAdapter.files(of: reference.path))) \(reference.weight)\n"
        }
        return Digest.sha256(parts)
    }
}

/// What an adapter must have been made for: an engine's decoder, as far as shapes and the order of rows go.
struct AdaptedShape: Sendable, Equatable {
    private let configuration: CausalModelConfiguration
    private let pairsNeighbours: Bool

    init(_ decoder: Decoder) {
        configuration = decoder.configuration
        pairsNeighbours = decoder.encoding.table.layout == .pairs
    }
}

/// An adapter in memory, or several that add up, which requests of an engine may bring (``GenerationRequest/adapter``).
///
/// Its matrices are shared by all requests that bring it. Requests that bring the same object share prefixes; those of another object, of the
/// same files even, do not.
public final class LoadedAdapter: Sendable {
    /// Tells it from all others of this process.
    let number: Int
    let shape: AdaptedShape
    /// Where it was loaded from.
    let references: [AdapterReference]
    let projections: ProjectionAdapters
    /// The bytes of its matrices.
    public let byteCount: Int

    private static let count = Atomic<Int>(0)

    /// Loads adapters for the requests of one model.
    ///
    /// - Throws: ``FileError`` if one cannot be read or does not fit the model, or was trained with modules that are saved whole, which
    ///   belong to a whole model (``LanguageModel/init(path:precision:adapters:options:packing:text:)``).
    /// - Complexity: O(size of the adapters).
    public init(_ references: [AdapterReference], for model: DecoderModel, team: ThreadTeam) throws(FileError) {
        let adapter = try AdapterReference.sum(references, on: ModelModules(model.decoder))
        guard adapter.replaced.isEmpty else {
            throw FileError(
                references.map(\.path).joined(separator: ", "),
                "has parameters that were trained whole: \(adapter.replaced.keys.sorted().map(\.description).joined(separator: ", "))",
                remedy: "Load the whole model with the adapter, or merge it ('gyges adapter merge').")
        }
        var tree = model.weights
        tree.attach(adapter.modules, in: .packed(.exact, team: team))
        var projections: ProjectionAdapters = [:]
        for projection in tree.projections { projections[projection.weight.path] = projection.adapter }
        self.projections = projections
        byteCount = adapter.byteCount
        self.references = references
        shape = AdaptedShape(model.decoder)
        number = Self.count.add(1, ordering: .relaxed).newValue
    }
}
