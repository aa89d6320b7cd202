import GygesFiles
import GygesTensors

/// Draws documents from several sources in a shuffled order, so that each source's share of the tokens is what was asked for.
///
/// The next document comes from the source that is furthest behind, so that shares are kept at every moment and nothing is left
/// to chance; within a source, every epoch has an order of its own.
struct DocumentMixture: Sendable {
    /// How far a source has been read.
    struct Position: Sendable, Equatable {
        /// The documents drawn, of all epochs together.
        var drawn = 0
        /// The tokens drawn since shares were last changed.
        var tokens = 0
    }

    let sources: [any DocumentStore]
    var settings: DataSettings
    var positions: [Position]

    /// The next document, in stretches that fit a pack; `nil` if all sources are used up. No stretches for one that is left out.
    mutating func next(_ report: inout DataReport) throws(FileError) -> [SampleReference]? {
        guard let source = nextSource else { return nil }
        let store = sources[source], drawn = positions[source].drawn
        let epoch = drawn / store.count
        let order = Permutation(
            count: store.count,
            bits: KeyedBits(seed: settings.seed).branch(UInt64(source)).branch(UInt64(epoch)))
        let document = order[drawn % store.count]
        positions[source].drawn += 1
        let length = try store.length(of: document)
        let stretches = try stretches(of: document, in: source, length: length, &report)
        // A document that is left out counts as a token, or a source of nothing else would be asked for ever.
        positions[source].tokens += max(1, stretches.reduce(0) { $0 + $1.tokens.count })
        return stretches
    }

    /// The source whose share is furthest behind; of several the first.
    private var nextSource: Int? {
        var best: (source: Int, progress: Double)?
        for (source, weight) in settings.weights.enumerated() where weight > 0 {
            if let limit = settings.epochLimit, positions[source].drawn / sources[source].count >= limit { continue }
            let progress = Double(positions[source].tokens) / weight
            if progress < best?.progress ?? .infinity { best = (source, progress) }
        }
        return best?.source
    }

    private func stretches(
        of document: Int, in source: Int, length: Int, _ report: inout DataReport
    ) throws(FileError) -> [SampleReference] {
        let whole = SampleReference(source: source, document: document, tokens: 0..<length)
        guard length > settings.packLength else { return length > 0 ? [whole] : [] }
        switch settings.excess {
        case .split:
            report.splitCount += 1
            return try cut(whole, &report)
        case .truncate:
            report.truncatedCount += 1
            return try supervised([cutOff(whole)], &report)
        case .drop:
            report.droppedCount += 1
            return []
        }
    }

    /// Stretches that fit a pack, of one that may not.
    func cut(_ reference: SampleReference, _ report: inout DataReport) throws(FileError) -> [SampleReference] {
        guard reference.tokens.count > settings.packLength else { return [reference] }
        let starts = stride(from: reference.tokens.lowerBound, to: reference.tokens.upperBound, by: settings.packLength)
        return try supervised(
            starts.map { start in
                var part = reference
                part.tokens = start..<min(start + settings.packLength, reference.tokens.upperBound)
                return part
            }, &report)
    }

    private func cutOff(_ reference: SampleReference) -> SampleReference {
        var part = reference
        part.tokens = reference.tokens.lowerBound..<reference.tokens.lowerBound + settings.packLength
        return part
    }

    /// The whole document that a stretch is of.
    ///
    /// - Throws: ``FileError`` also if it is shorter than the stretch says: cursors come from files.
    func document(of reference: SampleReference) throws(FileError) -> Document {
        let document = try sources[reference.source].document(reference.document)
        guard reference.tokens.upperBound <= document.tokens.count else {
            throw FileError(
                sources[reference.source].name, at: "document \(reference.document)",
                "has \(document.tokens.count) tokens, fewer than when the run began",
                remedy: "Restore the data, or begin a new run.")
        }
        return document
    }

    /// That every document drawn was left out.
    var nothingFits: FileError {
        let names = zip(sources, settings.weights).filter { $1 > 0 }.map(\.0.name)
        return FileError(
            names.joined(separator: ", "),
            "every document is left out: longer than a pack of \(settings.packLength) tokens, or without a token to predict in it",
            remedy: "Make packs longer, or cut documents (data.excess: split).")
    }

    /// Without those in which nothing is to be predicted.
    private func supervised(
        _ parts: [SampleReference], _ report: inout DataReport
    ) throws(FileError) -> [SampleReference] {
        guard let last = parts.last else { return [] }
        let document = try document(of: last)
        let kept = parts.filter { document[$0.tokens].supervisedCount > 0 }
        report.unsupervisedCount += parts.count - kept.count
        return kept
    }
}
