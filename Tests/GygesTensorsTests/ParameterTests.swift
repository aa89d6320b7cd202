import GygesModels
import GygesTensors
import Testing

/// Parameters by path: each is there once, under a name that does not depend on files.
@Suite struct ParameterTests {
    @Test func aDecodersPathsAreStable() {
        let paths = self.paths(of: TestDecoder.dense(ties: false).weights)
        #expect(paths.count == 3 + 3 * 9)
        #expect(
            paths.prefix(10) == [
                "embedding.weight", "layers.0.attention.norm.weight", "layers.0.attention.query.weight",
                "layers.0.attention.key.weight", "layers.0.attention.value.weight",
                "layers.0.attention.output.weight", "layers.0.feed_forward.norm.weight",
                "layers.0.feed_forward.gate.weight", "layers.0.feed_forward.up.weight",
                "layers.0.feed_forward.down.weight",
            ])
        #expect(paths.suffix(2) == ["norm.weight", "head.weight"])
    }

    @Test func aMixturesPathsAreStable() {
        let paths = self.paths(of: TestDecoder.mixture(normalises: true).weights)
        for path in [
            "layers.0.feed_forward.router.weight", "layers.0.feed_forward.experts.4.down.weight",
            "layers.0.feed_forward.shared.gate.weight", "layers.0.feed_forward.shared_gate.weight",
            "layers.1.feed_forward.gate.weight", "layers.0.attention.query.bias",
        ] {
            #expect(paths.contains(path), "\(path)")
        }
    }

    @Test func whatOtherFamiliesAddHasPathsOfItsOwn() {
        let normed = paths(of: TestDecoder.headNorms.weights)
        #expect(
            normed.filter { $0.hasPrefix("layers.1.attention.") } == [
                "layers.1.attention.norm.weight", "layers.1.attention.query.weight", "layers.1.attention.key.weight",
                "layers.1.attention.value.weight", "layers.1.attention.query_norm.weight",
                "layers.1.attention.key_norm.weight", "layers.1.attention.output.weight",
            ])
        #expect(!paths(of: TestDecoder.plainMixture.weights).contains { $0.contains("shared") })
        let biased = paths(of: TestDecoder.unrotated.weights)
        #expect(biased.contains("layers.0.attention.output.bias") && biased.contains("layers.2.feed_forward.down.bias"))
    }

    @Test func anEncodersPathsAreStable() throws {
        let paths = try self.paths(of: TestEncoder(hasBiases: true).weights)
        #expect(
            paths.prefix(5) == [
                "embedding.weight", "embedding.norm.weight", "embedding.norm.bias",
                "layers.0.attention.query.weight", "layers.0.attention.query.bias",
            ])
        #expect(
            paths.suffix(6) == [
                "head.dense.weight", "head.dense.bias", "head.norm.weight", "head.norm.bias", "head.scores.weight",
                "head.scores.bias",
            ])
    }

    @Test func anEncodersPathsOfBERTsKindAreStable() throws {
        let paths = try self.paths(of: TestEncoder.bert().weights)
        #expect(
            paths.prefix(6) == [
                "embedding.weight", "embedding.segments.weight", "embedding.positions.weight",
                "embedding.norm.weight", "embedding.norm.bias", "layers.0.attention.norm.weight",
            ])
        for path in ["layers.2.feed_forward.up.bias", "layers.2.feed_forward.down.weight", "head.scores.bias"] {
            #expect(paths.contains(path), "\(path)")
        }
        #expect(!paths.contains { $0.hasPrefix("norm.") || $0.contains("gate") })
    }

    /// A tied head is the embedding: one path, visited once, and one new matrix in both places.
    @Test func aTiedHeadIsTheEmbedding() throws {
        let decoder = TestDecoder.dense(ties: true).weights
        #expect(decoder.head.weight.path == decoder.embedding.path)
        #expect(paths(of: decoder).filter { $0 == "embedding.weight" }.count == 1)
        let mapped = eagerForm(of: decoder)
        #expect(mapped.head.weight.value === mapped.embedding.value)

        let encoder = try TestEncoder(hasBiases: false)
        #expect(encoder.weights.head?.scores.weight.path == encoder.weights.embedding.path)
        let eager = encoder.eagerWeights
        #expect(eager.head?.scores.weight.value === eager.embedding.value)
        #expect(paths(of: encoder.weights).filter { $0 == "embedding.weight" }.count == 1)

        let untied = eagerForm(of: TestDecoder.dense(ties: false).weights)
        #expect(untied.head.weight.value !== untied.embedding.value)
    }

    @Test func adaptersAreParametersToo() {
        let decoder = TestDecoder.dense(ties: true).weights
        let adapted = decoder.withAdapters(rank: 2, scale: 1, seed: 1)
        let (before, after) = (paths(of: decoder), paths(of: adapted))
        // Seven maps a layer, and the head: two matrices each.
        #expect(after.count == before.count + 2 * (3 * 7 + 1))
        #expect(adapted.map(matrix: \.value, vector: \.value).projections.allSatisfy { $0.adapter != nil })
    }

    private struct Refusal: Error, Equatable { var path: ParameterPath }

    @Test func theFirstErrorEndsAVisit() {
        let decoder = TestDecoder.dense(ties: true).weights
        #expect(throws: Refusal(path: ParameterPath("layers.1.attention.key.weight"))) {
            try decoder.forEachParameter(
                matrix: { (parameter) throws(Refusal) in
                    if parameter.path.components.contains("key"), parameter.path.components[1] == "1" {
                        throw Refusal(path: parameter.path)
                    }
                }, vector: { (_) throws(Refusal) in })
        }
    }

    /// The paths, in the order of a visit; each must be there once.
    private func paths(of tree: some ParameterTree) -> [String] {
        var paths: [String] = []
        tree.forEachParameter(
            matrix: { paths.append($0.path.description) }, vector: { paths.append($0.path.description) })
        #expect(Set(paths).count == paths.count)
        return paths
    }
}
