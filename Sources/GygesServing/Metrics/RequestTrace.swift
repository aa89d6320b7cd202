import GygesFiles
import GygesWire
import Synchronization

/// What happened to a request and when, without any of its text.
final class RequestTrace: Sendable {
    /// What happens to a request, in this order.
    enum Step: String, Sendable {
        /// It came.
        case arrived
        /// It was understood, and waits for the model.
        case queued
        /// The model began to read its prompt.
        case prefillBegun = "prefill_begun"
        /// Something of its answer was there.
        case firstToken = "first_token"
        /// It is over.
        case ended
    }

    private struct State {
        var model: String?
        var steps: [(step: Step, seconds: Double)] = [(.arrived, 0)]
        var status: Int?
        var usage: Usage?
        var reasons: [String] = []
    }

    private let origin: RequestOrigin
    private let arrived: Int
    private let state = Mutex(State())

    /// Begins with a request's arrival.
    ///
    /// - Parameter now: The time, in seconds since 1970.
    init(_ origin: RequestOrigin, now: Int) {
        self.origin = origin
        arrived = now - Int((ContinuousClock.now - origin.arrival) / .seconds(1))
    }

    /// The request's name.
    var id: String { origin.id }

    /// Notes a step the first time that it happens.
    func note(_ step: Step, model: String? = nil) {
        let seconds = (ContinuousClock.now - origin.arrival) / .seconds(1)
        state.withLock { state in
            if let model { state.model = model }
            guard !state.steps.contains(where: { $0.step == step }) else { return }
            state.steps.append((step, seconds))
        }
    }

    /// Notes the end.
    func end(_ status: Int, _ usage: Usage?, reasons: [String]) {
        note(.ended)
        state.withLock { state in
            state.status = status
            state.usage = usage
            state.reasons = reasons
        }
    }

    /// The trace as clients read it.
    var json: JSON {
        let state = state.withLock { $0 }
        let events = state.steps.map { step -> JSON in
            ["event": .string(step.step.rawValue), "seconds": .double(step.seconds)]
        }
        return [
            "id": .string(origin.id), "object": "request.trace", "path": .string(origin.path),
            "model": state.model.map(JSON.string) ?? .null, "key": origin.key.map(JSON.string) ?? .null,
            "arrived": .integer(arrived), "status": state.status.map(JSON.integer) ?? .null,
            "events": .array(events), "usage": state.usage?.json ?? .null,
            "finish_reasons": .array(state.reasons.map(JSON.string)),
        ]
    }
}

/// The traces of the last requests.
final class RequestTraces: Sendable {
    private struct Ring {
        var traces: [RequestTrace] = []
        var next = 0
    }

    private static let limit = 512
    private let ring = Mutex(Ring())

    /// Keeps a trace, and lets go of the oldest where there are as many as are kept.
    func append(_ trace: RequestTrace) {
        ring.withLock { ring in
            if ring.traces.count < Self.limit { ring.traces.append(trace) } else { ring.traces[ring.next] = trace }
            ring.next = (ring.next + 1) % Self.limit
        }
    }

    /// The trace of a request by its name; the latest, where a client has named several alike.
    subscript(id: String) -> RequestTrace? {
        ring.withLock { ring in
            let later = ring.traces[..<min(ring.next, ring.traces.count)]
            return later.last { $0.id == id } ?? ring.traces[later.count...].last { $0.id == id }
        }
    }
}
