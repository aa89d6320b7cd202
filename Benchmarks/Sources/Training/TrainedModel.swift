import GygesCheckpoints
import GygesFiles
import GygesKernels
import GygesModels
import GygesTensors
import GygesTraining

/// A model with its trained parameters and their gradients.
struct TrainedModel {
    private enum Kind {
        case decoder(Decoder, DecoderWeights<TapeMatrix, TapeVector>)
        case encoder(Encoder, EncoderWeights<TapeMatrix, TapeVector>)
    }

    private let kind: Kind
    let gradients: Gradients

    /// Random weights, all trained.
    init(configuration path: String) throws {
        let json = try JSON.read(path: path)
        if case .string("modernbert")? = json["model_type"] {
            let configuration = try EncoderConfiguration(json: json, path: path)
            let weights = EncoderWeights<TapeMatrix, TapeVector>(configuration, hasHead: true, from: RandomParameters())
            kind = .encoder(try Encoder(configuration: configuration, path: path), weights)
            gradients = Gradients(of: weights)
        } else {
            let configuration = try CausalModelConfiguration(json: json, path: path)
            let frequencies = RotaryTable.frequencies(
                base: configuration.ropeBase, rotaryDimension: configuration.rotaryDimension)
            let decoder = Decoder(configuration: configuration, frequencies: frequencies, layout: .halves)
            let weights = DecoderWeights<TapeMatrix, TapeVector>(configuration, from: RandomParameters())
            kind = .decoder(decoder, weights)
            gradients = Gradients(of: weights)
        }
    }

    /// Frozen weights, with trained adapters on the projections of all layers.
    init(gguf path: String, rank: Int, team: ThreadTeam) throws {
        let model = try DecoderModel(gguf: GGUFFile(path: path), team: team)
        var weights = model.weights.map(
            matrix: { TapeMatrix.frozen($0.value) }, vector: { TapeVector.frozen($0.value) })
        weights.modifyProjections { projection in
            let path = projection.weight.path
            guard path.description.hasPrefix("layers.") else { return }
            let (outputs, inputs) = (projection.weight.value.rows, projection.weight.value.columns)
            let a = RandomParameters().matrix(path / "a", MatrixShape(rows: rank, columns: inputs))
            let b = TapeMatrix.trained(ParameterBuffer(rows: outputs, columns: rank))
            projection.adapter = LowRankAdapter(a: Parameter(path / "a", a), b: Parameter(path / "b", b), scale: 2)
        }
        kind = .decoder(model.decoder, weights)
        gradients = Gradients(of: weights)
    }

    /// How many tokens there are.
    var vocabularySize: Int {
        switch kind {
        case .decoder(let decoder, _): decoder.configuration.vocabularySize
        case .encoder(let encoder, _): encoder.configuration.vocabularySize
        }
    }

    /// What the optimizer changes.
    var trainedParameters: [TrainedParameter] {
        var found: [TrainedParameter] = []
        func add(_ path: ParameterPath, _ buffer: ParameterBuffer, isVector: Bool) {
            guard let gradient = gradients[path] else { return }
            found.append(
                TrainedParameter(path, isVector: isVector, values: buffer.elements, gradient: gradient.elements))
        }
        func visit(_ tree: some ParameterTree<TapeMatrix, TapeVector>) {
            tree.forEachParameter(
                matrix: { if case .trained(let buffer) = $0.value { add($0.path, buffer, isVector: false) } },
                vector: { if case .trained(let buffer) = $0.value { add($0.path, buffer, isVector: true) } })
        }
        switch kind {
        case .decoder(_, let weights): visit(weights)
        case .encoder(_, let weights): visit(weights)
        }
        return found
    }

    /// Runs a batch up to its loss.
    func loss(of batch: PackedBatch, _ request: StepRequest, on tape: Tape, clock: inout StepClock) throws {
        let rows = request.rows()
        let weights = [Float](repeating: 1 / Float(max(1, rows.count)), count: rows.count)
        switch kind {
        case .decoder(let decoder, let parameters):
            let targets = request.rows(movedBy: 1).map { batch.tokens[$0 % batch.tokens.count] }
            let states = decoder.hiddenStates(of: batch, cache: nil, weights: parameters, on: tape)
            clock.end("forward")
            _ = try tape.loss(
                of: decoder.normed(tape.rows(states, at: rows), weights: parameters, on: tape), .crossEntropy(targets),
                through: parameters.head, weights: weights)
        case .encoder(let encoder, let parameters):
            let states = encoder.hiddenStates(of: batch, rows: rows, weights: parameters, on: tape)
            clock.end("forward")
            guard let head = parameters.head else { return }
            _ = try tape.loss(
                of: encoder.scoreInput(of: states, head: head, on: tape),
                .crossEntropy(rows.map { batch.tokens[$0] }), through: head.scores, weights: weights)
        }
        clock.end("head")
    }
}

/// Numbers of the size that trained ones have: what a step costs does not depend on more.
private struct RandomParameters: ParameterSource {
    func matrix(_ path: ParameterPath, _ shape: MatrixShape) -> TapeMatrix {
        let buffer = ParameterBuffer(rows: shape.rows, columns: shape.columns)
        let bound = 1.7 / Float(shape.columns).squareRoot()
        for index in buffer.elements.indices {
            buffer.elements[index] = (Float((index &* 7919) % 1009) / 504.5 - 1) * bound
        }
        return .trained(buffer)
    }

    func vector(_ path: ParameterPath, _ shape: VectorShape) -> TapeVector {
        let value: Float = path.description.hasSuffix("weight") ? 1 : 0
        return .trained(ParameterBuffer([Float](repeating: value, count: shape.count), rows: 1, columns: shape.count))
    }
}
