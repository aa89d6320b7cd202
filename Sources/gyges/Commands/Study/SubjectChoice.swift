import GygesClient
import GygesFiles
import GygesInference
import GygesStudy
import GygesSubjects

/// Finds what a study file calls its subject: a scripted persona, an endpoint, or a model on this machine.
struct SubjectChoice {
    let engine: EngineOptions
    /// Adapters on a model on this machine.
    var adapters: [AdapterReference] = []
    /// Whether progress of loading is shown.
    var isShown = true
    /// Where system texts stand.
    var systemRole = SystemRole.automatic
    /// Takes in that an endpoint is waited for.
    var onWait: @Sendable (EndpointWait) -> Void = { _ in }

    /// The subject of a name.
    ///
    /// - Parameters:
    ///   - name: `persona:NAME`, `http://host:port/v1#model`, or a model as the command line names it.
    ///   - endpoint: how endpoints are asked.
    ///   - concurrency: how many requests are under way at once at each endpoint.
    ///   - folder: the run's, where imported transcripts lie.
    ///   - study: what is asked, whose conditions a persona that is studied knows; one that judges needs none.
    func subject(
        named name: String, endpoint: EndpointSettings, concurrency: Int, folder: String, in study: Study? = nil
    ) async throws -> any Subject {
        let isPlaced =
            name.hasPrefix(FrozenSubject.prefix) || name.hasPrefix("persona:") || EndpointAddress.isAddress(name)
        guard adapters.isEmpty || !isPlaced else {
            throw FileError(
                name, "has no weights here that an adapter could be added to",
                remedy: "Leave --adapter out, or name a model on this machine.")
        }
        if name.hasPrefix(FrozenSubject.prefix) { return try FrozenSubject(runIn: folder) }
        if let study, let persona = try PersonaSubject(reference: name, in: study) { return persona }
        if let persona = PersonaSubject(reference: name) { return persona }
        if name.hasPrefix("persona:") {
            throw FileError(
                name, "is not a persona",
                remedy: "Choose one of \(Persona.shipped.map { "persona:" + $0.name }.joined(separator: ", ")).")
        }
        if EndpointAddress.isAddress(name) {
            let subject = try await ReplicaSubject.connect(
                to: [name] + endpoint.replicas, settings: endpoint, concurrency: concurrency, onWait: onWait)
            return systemRole == .fold ? FoldingSubject(subject, because: "the study asks for it") : subject
        }
        guard endpoint.replicas.isEmpty else {
            throw FileError(
                name, "has replicas, which only endpoints can have",
                remedy: "Name the first of them as subject, http://host:port/v1#model, or take out endpoint.replicas.")
        }
        let model = try LanguageModel(
            path: try locateModel(name), precision: engine.matmulPrecision, adapters: adapters,
            options: engine.engine, packing: engine.packing(isShown: isShown), text: engine.text.model)
        model.tellNotes()
        let subject = try LocalSubject(model, name: name).asked(with: systemRole)
        if systemRole == .automatic, subject is FoldingSubject {
            Terminal.writeError(
                "note: \(name) takes no system messages; their text stands at the beginning of the user turn.\n")
        }
        return subject
    }
}
