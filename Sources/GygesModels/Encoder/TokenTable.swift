import GygesCheckpoints
import GygesFiles
import GygesKernels
import GygesTensors

extension TokenTableConfiguration {
    /// The table `[tokens, channels]`: as the file has it, or put together where a mapping or weights say how (sentence-transformers,
    /// `StaticEmbedding._fold_model2vec_weights`).
    ///
    /// - Throws: ``FileError`` if vectors are stored in a form that is not read, or the mapping names one that is not there.
    /// - Complexity: O(1) for a table as it is, which stays mapped; else O(tokens · channels), in f32.
    func weights(in file: SafetensorsFile, team: ThreadTeam) throws(FileError) -> WeightMatrix {
        let stored: StoredTensor
        switch TensorSource(safetensors: [file], path: file.path).tensor(tensor) {
        case .success(let tensor): stored = tensor
        case .failure(let failure):
            throw problem(file, tensor, "is stored as \(failure.form); F32, F16 and BF16 are read")
        case nil: throw problem(file, tensor, "is missing")
        }
        guard isMapped || isWeighted else {
            let owner = stored.owner
            nonisolated(unsafe) let bytes = stored.bytes  // Read-only memory of `owner`.
            return WeightMatrix(
                bytes, format: stored.format, rows: vectorCount, columns: width, owner: owner, packed: nil,
                release: { owner.advise(.dontNeed, part: bytes) })
        }
        let rows = isMapped ? try places(in: file) : Array(0..<vectorCount)
        var elements = [Float](repeating: 0, count: rows.count * width)
        var span = elements.mutableSpan
        dequantizeRows(stored.bytes, format: stored.format, columns: width, rows: rows, into: &span, team: team)
        if isWeighted {
            for (row, weight) in try factors(in: file).enumerated() {
                for index in row * width..<(row + 1) * width { elements[index] *= weight }
            }
        }
        return WeightMatrix(copying: elements, rows: rows.count, columns: width)
    }

    /// The vector of each token.
    private func places(in file: SafetensorsFile) throws(FileError) -> [Int] {
        guard let mapping = file.tensors.first(where: { $0.name == "mapping" }) else {
            throw problem(file, "mapping", "is missing")
        }
        let bytes = file.bytes(of: mapping)
        let places = (0..<tokenCount).map { index in
            mapping.type == .i64
                ? Int(bytes.loadUnaligned(fromByteOffset: 8 * index, as: Int64.self))
                : Int(bytes.loadUnaligned(fromByteOffset: 4 * index, as: Int32.self))
        }
        if let token = places.firstIndex(where: { !(0..<vectorCount).contains($0) }) {
            throw problem(file, "mapping", "gives token \(token) the vector \(places[token]) of \(vectorCount)")
        }
        return places
    }

    /// What each token's vector is multiplied by.
    private func factors(in file: SafetensorsFile) throws(FileError) -> [Float] {
        guard let weights = file.tensors.first(where: { $0.name == "weights" }) else {
            throw problem(file, "weights", "is missing")
        }
        let bytes = file.bytes(of: weights)
        return (0..<tokenCount).map { index in
            weights.type == .f64
                ? Float(bytes.loadUnaligned(fromByteOffset: 8 * index, as: Double.self))
                : bytes.loadUnaligned(fromByteOffset: 4 * index, as: Float.self)
        }
    }

    private func problem(_ file: SafetensorsFile, _ tensor: String, _ problem: String) -> FileError {
        FileError(file.path, at: "tensors", "\(tensor) \(problem)", remedy: "Get the model again.")
    }
}
