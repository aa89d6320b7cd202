/// A matrix of results `[rows, columns]`, one row a token, row after row.
public struct RowMatrix: Sendable, Equatable {
    /// The number of rows.
    public var rowCount: Int { columnCount == 0 ? 0 : elements.count / columnCount }
    /// The number of columns.
    public let columnCount: Int
    /// The elements, row after row.
    public let elements: [Float]

    /// Wraps elements.
    ///
    /// - Precondition: They are whole rows.
    public init(columnCount: Int, elements: [Float]) {
        self.columnCount = columnCount
        self.elements = elements
    }

    /// One row.
    public subscript(row: Int) -> ArraySlice<Float> { elements[(row * columnCount)..<((row + 1) * columnCount)] }
}
