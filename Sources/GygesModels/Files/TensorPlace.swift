/// Where a file keeps a parameter: a tensor, or a part of one that holds several.
struct TensorPlace {
    /// What of a tensor a parameter is.
    enum Part {
        /// All of it.
        case whole
        /// A matrix of one row, stored as a vector.
        case vector
        /// One of `of` equal runs of rows.
        case rows(Int, of: Int)
        /// One of `of` tensors of one dimension less that lie one after another.
        case slice(Int, of: Int)
    }

    /// The tensor in the file.
    var tensor: String
    /// What of it is the parameter.
    var part: Part
    /// What the part is called among packed matrices.
    var name: String

    init(_ tensor: String, _ part: Part = .whole, name: String? = nil) {
        self.tensor = tensor
        self.part = part
        self.name = name ?? tensor
    }

    /// The shape of the tensor that holds a parameter of a shape, the slowest dimension first.
    func tensorShape(for shape: [Int]) -> [Int] {
        switch part {
        case .whole: shape
        case .vector: Array(shape.dropFirst())
        case .rows(_, let count): shape.prefix(1).map { $0 * count } + shape.dropFirst()
        case .slice(_, let count): [count] + shape
        }
    }
}

extension StoredTensor {
    /// The part at a place, without copying. The format has no blocks across rows.
    ///
    /// - Precondition: The tensor has the place's shape.
    func part(_ part: TensorPlace.Part) -> StoredTensor {
        switch part {
        case .whole, .vector: self
        case .rows(let index, let count): run(index, of: count, shape: [shape[0] / count] + shape.dropFirst())
        case .slice(let index, let count): run(index, of: count, shape: Array(shape.dropFirst()))
        }
    }

    private func run(_ index: Int, of count: Int, shape: [Int]) -> StoredTensor {
        let byteCount = bytes.count / count
        let run = UnsafeRawBufferPointer(rebasing: bytes[index * byteCount..<(index + 1) * byteCount])
        return StoredTensor(shape: shape, format: format, bytes: run, owner: owner)
    }
}
