import GygesCheckpoints
import GygesTokenizer
import GygesKernels
import GygesModels
import GygesTensors

/// One pass through the model after another.
extension EngineLoop {
    /// The most rows of logits held at once.
    private static let logitRowLimit = 64

    /// The part of a sequence that a step computes: pending tokens, and proposed ones after the last of them.
    private struct Chunk {
        var sequence: LiveSequence
        var count: Int
        var draft: [Int32] = []
    }

    /// A row whose logits are needed, and the position of its token.
    private struct WantedRow {
        var sequence: LiveSequence
        var row: Int
        var position: Int
    }

    /// Computes one packed batch: a row for every decoding sequence, parts of prompts, proposed tokens.
    func computeStep() {
        let chunks = plannedChunks()
        guard !chunks.isEmpty else { return }
        var batch = PackedBatch()
        for chunk in chunks {
            let start = chunk.sequence.computedCount
            batch.append(
                chunk.sequence.tokens[start..<(start + chunk.count)] + chunk.draft, firstPosition: start,
                encoding: chunk.sequence.encoding)
        }
        let cache = KeyValueBinding(
            layout: pool.layout, blocks: chunks.map { $0.sequence.pages.pages.map(\.memory) })
        counts.stepCount += 1
        counts.rowCount += batch.rowCount
        let done: Set<ObjectIdentifier>
        if let adapted = adaptedOperations(for: chunks, in: batch) {
            done = compute(batch, of: chunks, cache: cache, on: adapted)
        } else {
            done = compute(batch, of: chunks, cache: cache, on: operations)
        }
        for chunk in chunks {
            counts.proposedTokenCount += chunk.draft.count
            counts.acceptedTokenCount += chunk.sequence.settleDraft()
            chunk.sequence.shareFullPages(in: index)
        }
        retire { done.contains(ObjectIdentifier($0)) }
        rotate(served: chunks)
    }

    /// An interpreter that gives each row its request's adapter; `nil` where no request of a step has one.
    private func adaptedOperations(for chunks: [Chunk], in batch: PackedBatch) -> AdaptedOperations? {
        var adapters: [LoadedAdapter] = []
        var owners: [Int?] = []
        for (chunk, span) in zip(chunks, batch.sequences) {
            var owner: Int?
            if let adapter = chunk.sequence.job.request.adapter {
                owner = adapters.firstIndex { $0 === adapter } ?? adapters.count
                if owner == adapters.count { adapters.append(adapter) }
            }
            owners += repeatElement(owner, count: span.rows.count)
        }
        guard !adapters.isEmpty else { return nil }
        return AdaptedOperations(operations, adapters: adapters.map(\.projections), owners: owners)
    }

    /// One pass; returns who is finished.
    private func compute<O: Operations>(
        _ batch: PackedBatch, of chunks: [Chunk], cache: KeyValueBinding, on operations: O
    ) -> Set<ObjectIdentifier>
    where
        O.Matrix == WeightMatrix, O.Vector == WeightVector, O.Cache == KeyValueBinding, O.Storage: RowStorage
    {
        let hidden = model.decoder.hiddenStates(of: batch, cache: cache, weights: model.weights, on: operations)
        var wanted: [WantedRow] = []
        for (span, chunk) in zip(batch.sequences, chunks) {
            for offset in chunk.sequence.logitRows(inChunkOf: chunk.count) {
                wanted.append(
                    WantedRow(
                        sequence: chunk.sequence, row: span.rows.lowerBound + offset,
                        position: span.firstPosition + offset))
            }
            chunk.sequence.advance(by: chunk.count)
        }
        return handOut(wanted, hidden: hidden, on: operations)
    }

    /// What the next step computes, with pages for all of it.
    private func plannedChunks() -> [Chunk] {
        let counts = plan.rowCounts(
            for: live.map { StepPlan.Demand(pending: $0.pendingCount, isDecoding: $0.isDecoding) })
        let planned = zip(live, counts).filter { $0.1 > 0 }
        // The earliest first: they are the last to lose their pages.
        for (sequence, count) in planned.sorted(by: { $0.0.arrival < $1.0.arrival })
        where live.contains(where: { $0 === sequence }) {
            _ = securePages(for: sequence, tokenCount: sequence.computedCount + count)
        }
        let kept = Set(live.map(ObjectIdentifier.init))
        var chunks = planned.filter { kept.contains(ObjectIdentifier($0.0)) }.map { Chunk(sequence: $0, count: $1) }
        addDrafts(to: &chunks)
        return chunks
    }

    /// Adds proposed tokens while the step is small: one tile of the products has room for them, and a step costs little more.
    private func addDrafts(to chunks: inout [Chunk]) {
        let decoding = chunks.indices.filter { chunks[$0].sequence.isDecoding }
        guard !decoding.isEmpty else { return }
        let rowCount = chunks.reduce(0) { $0 + $1.count }
        let share = min(speculationRowLimit - decoding.count, plan.rowLimit - rowCount) / decoding.count
        guard share > 0 else { return }
        for index in decoding {
            let sequence = chunks[index].sequence
            let draft = sequence.proposal(limit: share, index: self.index)
            // It is worth a page that nobody uses, but nobody's work.
            guard !draft.isEmpty, providePages(for: sequence, tokenCount: sequence.tokens.count + draft.count) else {
                continue
            }
            sequence.verify(draft)
            chunks[index].draft = draft
        }
    }

    /// Gives everyone their rows of logits; returns who is finished.
    private func handOut<O: Operations>(
        _ wanted: [WantedRow], hidden: borrowing O.Value, on operations: O
    ) -> Set<ObjectIdentifier>
    where O.Matrix == WeightMatrix, O.Vector == WeightVector, O.Storage: RowStorage {
        let vocabularyCount = min(tokenizer.vocabularyCount, model.decoder.configuration.vocabularySize)
        var done: Set<ObjectIdentifier> = []
        for start in stride(from: 0, to: wanted.count, by: Self.logitRowLimit) {
            let part = wanted[start..<min(start + Self.logitRowLimit, wanted.count)].filter {
                !done.contains(ObjectIdentifier($0.sequence))
            }
            guard !part.isEmpty else { continue }
            let logits = model.decoder.logits(
                of: hidden, rows: part.map(\.row), weights: model.weights, on: operations)
            // A vocabulary of logits is long: as long as everything else of a step when many sequences are small.
            let owners = Self.runs(of: part.map { ObjectIdentifier($0.sequence) })
            var isDone = [Bool](repeating: false, count: owners.count)
            isDone.withUnsafeMutableBufferPointer { isDone in
                nonisolated(unsafe) let (isDone, part, logits) = (isDone, part, logits.storage)
                team.run(parts: owners.count) { owner in
                    for row in owners[owner] where !isDone[owner] {
                        isDone[owner] = part[row].sequence.receive(
                            logits: logits.row(row), vocabularyCount: vocabularyCount, position: part[row].position)
                    }
                }
            }
            for (owner, isDone) in zip(owners, isDone) where isDone {
                let sequence = part[owner.lowerBound].sequence
                done.insert(ObjectIdentifier(sequence))
                if let position = sequence.nonFinitePosition {
                    sequence.job.deliver(
                        .failure(.logitsNotFinite(tokenCount: position + 1, cause: cause(of: sequence))))
                }
            }
        }
        return done
    }

    /// The ranges of equal neighbours.
    private static func runs(of owners: [ObjectIdentifier]) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        for (place, owner) in owners.enumerated() {
            if let last = runs.last, owners[last.lowerBound] == owner {
                runs[runs.count - 1] = last.lowerBound..<(place + 1)
            } else {
                runs.append(place..<(place + 1))
            }
        }
        return runs
    }

    /// Moves those that got rows behind those that did not.
    private func rotate(served chunks: [Chunk]) {
        guard chunks.count < live.count else { return }
        let served = Set(chunks.map { ObjectIdentifier($0.sequence) })
        live =
            live.filter { !served.contains(ObjectIdentifier($0)) }
            + live.filter { served.contains(ObjectIdentifier($0)) }
    }
}

/// What logits lie in.
private protocol RowStorage {
    /// The elements of one row.
    func row(_ index: Int) -> UnsafeMutableBufferPointer<Float>
}

extension Activation: RowStorage {}
extension AdaptedActivation: RowStorage {
    fileprivate func row(_ index: Int) -> UnsafeMutableBufferPointer<Float> { activation.row(index) }
}
