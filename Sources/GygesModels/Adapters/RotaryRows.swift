import GygesCheckpoints
import GygesKernels

extension StoredMatrix {
    /// The rows of heads that are rotated, from the order in which one kind of file has them to that of another: a GGUF file of a Llama
    /// puts the two channels of a pair side by side, where a folder has them half a head apart (llama.cpp, `convert_hf_to_gguf.py`,
    /// `permute`).
    ///
    /// - Parameter head: The rows of a head, an even number; `nil` for a matrix without heads, which stays as it is.
    func rotated(from old: RotaryLayout, to new: RotaryLayout, head: Int?) -> StoredMatrix {
        guard let head, old != new, head > 1, rows % head == 0 else { return self }
        var moved: [Float] = []
        moved.reserveCapacity(elements.count)
        for row in 0..<rows {
            let (first, channel) = (row / head * head, row % head)
            let source: Int
            switch new {
            case .pairs: source = channel % 2 * (head / 2) + channel / 2
            case .halves: source = channel % (head / 2) * 2 + channel / (head / 2)
            }
            moved += elements[((first + source) * columns)..<((first + source + 1) * columns)]
        }
        return StoredMatrix(moved, rows: rows, columns: columns)
    }

    /// Some of the rows.
    func part(_ rows: Range<Int>) -> StoredMatrix {
        StoredMatrix(
            Array(elements[(rows.lowerBound * columns)..<(rows.upperBound * columns)]), rows: rows.count,
            columns: columns)
    }
}
