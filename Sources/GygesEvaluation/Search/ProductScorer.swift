import GygesKernels

/// Scores of documents by products of their vectors with those of all queries.
///
/// The queries' vectors are packed once, in groups whose scores of a block of documents stay near; the documents' pass by.
struct ProductScorer {
    /// The length of vectors.
    let dimension: Int
    /// Whether a score is the sum, over a query's vectors, of the largest product with one of the document's (MaxSim); otherwise each
    /// query and document has one vector.
    let sums: Bool
    private let groups: [Group]

    /// Some queries, whole ones.
    private struct Group {
        var queries: Range<Int>
        /// The vectors of each query among the group's.
        var places: [Range<Int>]
        var matrix: PackedMatrix
        var vectorCount: Int { matrix.rows }
    }

    /// The vectors in a group, and in a block of documents, unless one query or document has more: scores of both take 8 MiB.
    private static let groupVectors = 2048
    private static let blockVectors = 1024

    /// - Parameters:
    ///   - elements: `[Σ counts, dimension]`
    ///   - counts: The vectors of each query.
    init(_ elements: [Float], dimension: Int, counts: [Int], sums: Bool, team: ThreadTeam) {
        self.dimension = dimension
        self.sums = sums
        var groups: [Group] = []
        var vector = 0
        var query = 0
        while query < counts.count {
            let firstQuery = query
            let firstVector = vector
            var places: [Range<Int>] = []
            repeat {
                places.append((vector - firstVector)..<(vector - firstVector + counts[query]))
                vector += counts[query]
                query += 1
            } while query < counts.count && vector - firstVector + counts[query] <= Self.groupVectors
            // Queries without vectors have no scores, and a matrix has rows.
            guard vector > firstVector else { continue }
            let matrix = elements[(firstVector * dimension)..<(vector * dimension)].withUnsafeBytes {
                PackedMatrix(
                    $0, format: .f32, rows: vector - firstVector, columns: dimension, precision: .exact, team: team)
            }
            groups.append(Group(queries: firstQuery..<query, places: places, matrix: matrix))
        }
        self.groups = groups
    }

    /// Scores documents and hands the scores over.
    ///
    /// - Parameters:
    ///   - elements: `[Σ counts, dimension]`
    ///   - counts: The vectors of each document; `nil` for one each.
    ///   - first: The number of the first document.
    func score(
        _ elements: [Float], counts: [Int]?, documentCount: Int, first: Int, into top: TopScores, team: ThreadTeam
    ) {
        var activations = Activations()
        var products: [Float] = []
        var document = 0
        var vector = 0
        while document < documentCount {
            // A block of whole documents.
            let firstDocument = document
            let firstVector = vector
            repeat {
                vector += counts?[document] ?? 1
                document += 1
            } while document < documentCount
                && vector - firstVector + (counts?[document] ?? 1) <= Self.blockVectors
            let rows = vector - firstVector
            guard rows > 0 else { continue }  // Documents without vectors are not found.
            activations.load(
                elements.span.extracting((firstVector * dimension)..<(vector * dimension)), rows: rows,
                columns: dimension, for: groups.map(\.matrix), team: team)
            for group in groups {
                let size = rows * group.vectorCount
                if products.count < size { products += repeatElement(0, count: size - products.count) }
                products.withUnsafeMutableBufferPointer {
                    matmul(
                        activations, [Matmul(group.matrix, into: UnsafeMutableBufferPointer(rebasing: $0[..<size]))],
                        team: team)
                }
                if sums {
                    let scores = maximumSums(
                        products, group: group, counts: counts.map { $0[firstDocument..<document] } ?? [], team: team)
                    scores.withUnsafeBufferPointer {
                        guard let scores = $0.baseAddress else { return }
                        top.offer(
                            scores, documentCount: document - firstDocument, firstDocument: first + firstDocument,
                            queries: group.queries, team: team)
                    }
                } else {
                    products.withUnsafeBufferPointer {
                        guard let scores = $0.baseAddress else { return }
                        top.offer(
                            scores, documentCount: rows, firstDocument: first + firstDocument, queries: group.queries,
                            team: team)
                    }
                }
            }
        }
    }

    /// `[documents, queries of the group]`: for each of a query's vectors the largest product with one of the document's, added up in
    /// the order of the query's vectors; -infinity where either has none.
    private func maximumSums(
        _ products: [Float], group: Group, counts: ArraySlice<Int>, team: ThreadTeam
    ) -> [Float] {
        let width = group.vectorCount
        let queryCount = group.queries.count
        let starts = counts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
        let counts = Array(counts)
        var scores = [Float](repeating: -.infinity, count: counts.count * queryCount)
        scores.withUnsafeMutableBufferPointer { scores in
            products.withUnsafeBufferPointer { products in
                nonisolated(unsafe) let (scores, products) = (scores, products)
                team.run(parts: counts.count) { document in
                    guard counts[document] > 0 else { return }
                    withUnsafeTemporaryAllocation(of: Float.self, capacity: width) { largest in
                        let rows = starts[document]..<starts[document + 1]
                        for column in 0..<width { largest[column] = products[rows.lowerBound * width + column] }
                        for row in rows.dropFirst() {
                            let offset = row * width
                            for column in 0..<width {
                                let product = products[offset + column]
                                largest[column] = product > largest[column] ? product : largest[column]
                            }
                        }
                        for (query, places) in group.places.enumerated() where !places.isEmpty {
                            scores[document * queryCount + query] = places.reduce(Float(0)) { $0 + largest[$1] }
                        }
                    }
                }
            }
        }
        return scores
    }
}
