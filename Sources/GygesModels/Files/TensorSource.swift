import GygesFiles
import GygesKernels

/// A stored tensor: its shape with the slowest dimension first, its format and its bytes.
struct StoredTensor {
    var shape: [Int]
    var format: WeightFormat
    var bytes: UnsafeRawBufferPointer
    var owner: MappedFile

    /// The tensor as a matrix; a vector is a matrix of one row.
    var matrixShape: (rows: Int, columns: Int) { (shape.dropLast().first ?? 1, shape[shape.count - 1]) }
}

/// Tensors by name, from whichever kind of file.
struct TensorSource {
    /// The file or folder, for messages.
    var path: String
    /// The files that hold the tensors.
    var files: [MappedFile]
    /// What tensors are called in it.
    var names: DecoderTensorNames
    /// Every tensor's name.
    var allNames: [String]
    /// The tensor of a name, `nil` if there is none; an error if it is stored in a form that kernels do not read.
    var tensor: (String) -> Result<StoredTensor, UnsupportedTensor>?

    /// The form of a stored tensor that cannot be used, by the name that its file's format has for it.
    struct UnsupportedTensor: Error { var form: String }
}
