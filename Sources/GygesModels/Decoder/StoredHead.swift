import GygesCheckpoints
import GygesKernels

/// What a file holds of a decoder's head.
enum StoredHead: Equatable {
    /// A matrix of its own.
    case own
    /// A matrix of its own although the configuration says that it is the embedding.
    case ownDespiteConfiguration
    /// The embedding, or nothing but a copy of it.
    case embedding
    /// The one matrix of both, under the head's name.
    case standsForEmbedding

    /// Whether head and embedding are one parameter.
    var isTied: Bool { self == .embedding || self == .standsForEmbedding }

    /// What users are told about it.
    var note: String? {
        guard self == .ownDespiteConfiguration else { return nil }
        return
            "config.json says tie_word_embeddings, but lm_head.weight differs from the embedding: the head of its own is used, "
            + "as transformers does. A tie_word_embeddings of false would say so."
    }
}

extension TensorSource {
    /// What the files hold of a decoder's head: where the configuration ties it, the matrices decide, as in transformers
    /// (`PreTrainedModel.tie_weights`).
    ///
    /// - Complexity: O(size of the table) where a tied model has both matrices; they are compared up to the first difference.
    func head(of configuration: CausalModelConfiguration, team: ThreadTeam) -> StoredHead {
        let (head, embedding) = (tensor(names.head), tensor(names.embedding))
        // GGUF files have no flag: a stored head is one of its own.
        guard names == .huggingFace else { return head == nil ? .embedding : .own }
        guard configuration.tiesEmbeddings else { return .own }
        switch (head, embedding) {
        case (nil, _): return .embedding
        case (_, nil): return .standsForEmbedding
        case (.success(let head)?, .success(let embedding)?):
            return head.holdsTheSame(as: embedding, team: team) ? .embedding : .ownDespiteConfiguration
        default: return .own  // Of a form that nothing can be computed with, which loading tells.
        }
    }
}

extension StoredTensor {
    /// Whether two tensors have the same numbers, however they are stored.
    fileprivate func holdsTheSame(as other: StoredTensor, team: ThreadTeam) -> Bool {
        guard shape == other.shape else { return false }
        if format == other.format { return bytes.elementsEqual(other.bytes) }
        let (rows, columns) = matrixShape
        var (ours, theirs) = ([Float](repeating: 0, count: columns), [Float](repeating: 0, count: columns))
        for row in 0..<rows {
            read(row, into: &ours, team: team)
            other.read(row, into: &theirs, team: team)
            if ours != theirs { return false }
        }
        return true
    }

    private func read(_ row: Int, into elements: inout [Float], team: ThreadTeam) {
        var span = elements.mutableSpan
        dequantizeRows(bytes, format: format, columns: matrixShape.columns, rows: [row], into: &span, team: team)
    }
}
