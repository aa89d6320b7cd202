import GygesCheckpoints
public import GygesClient
import GygesFiles
import GygesTemplates
import FoundationEssentials
public import GygesStudy
import GygesWire

/// A model behind an API in OpenAI's form (vLLM, SGLang, llama-server, OpenAI, and what imitates them) as a subject or a
/// judge.
///
/// What is asked is the same each time; what is answered is the endpoint's affair. Most do not answer twice alike even
/// with a seed, because what else they compute changes their rounding. A journal keeps each answer once, so that a run that
/// goes on has the answers that it had.
public struct EndpointSubject: Subject {
    /// The address, the model, what the endpoint says of it, and the settings that have a part in answers.
    public let identity: SubjectIdentity
    let caller: EndpointCaller
    let model: String
    let settings: EndpointSettings
    let template: ChatTemplate?

    /// Asks an endpoint what it offers.
    ///
    /// - Parameters:
    ///   - reference: its address with the model, `http://host:port/v1#model`.
    ///   - settings: how it is asked.
    ///   - isReplica: whether it is one of several that are the same model to the study; its address is then no part of the
    ///     identity.
    ///   - concurrency: how many calls are under way at once.
    ///   - environment: where the key is looked up; `nil` for the process's.
    ///   - onWait: called when the endpoint is waited for.
    /// - Throws: `FileError` if the address or the template is none, ``EndpointError`` if the endpoint cannot be asked.
    public static func connect(
        to reference: String, settings: EndpointSettings = .init(), isReplica: Bool = false, concurrency: Int = 16,
        environment: [String: String]? = nil, onWait: @escaping @Sendable (EndpointWait) -> Void = { _ in }
    ) async throws -> EndpointSubject {
        let address = try EndpointAddress(reference)
        let key = try EndpointCaller.key(
            named: settings.keyVariable, for: address, in: environment ?? ProcessInfo.processInfo.environment)
        let caller = EndpointCaller(
            address: address,
            settings: CallSettings(
                keyVariable: settings.keyVariable, timeout: settings.timeout,
                policy: RetryPolicy(
                    attempts: settings.attempts,
                    longestRequestedPause: .seconds(settings.longestWait ?? EndpointSettings.usualLongestWait)),
                concurrency: concurrency, requestsPerMinute: settings.requestsPerMinute,
                tokensPerMinute: settings.tokensPerMinute), key: key, onWait: onWait)
        return try await EndpointSubject(caller, settings: settings, isReplica: isReplica)
    }

    init(_ caller: EndpointCaller, settings: EndpointSettings, isReplica: Bool = false) async throws {
        self.caller = caller
        self.settings = settings
        model = caller.address.model
        template = try settings.template.map(Self.template)
        let facts = try await Self.facts(caller)
        var details = facts
        details["address"] = caller.address.base
        details["kind"] = "endpoint"
        details["repeatable"] = "the endpoint decides: replies may differ from one call to the next"
        // Sorted, so that the order of a dictionary decides nothing.
        let said = facts.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let decisive = [
            "endpoint 1", isReplica ? "replicas" : caller.address.base, model, settings.responsePrefix.rawValue,
            settings.lengthName.rawValue, template.map { Digest.sha256($0.source) } ?? "no template",
        ]
        identity = SubjectIdentity(
            name: isReplica ? model : caller.address.description,
            digest: Digest.sha256((decisive + said).joined(separator: "\n")), details: details)
    }

    /// What the endpoint says of the model; nothing if it does not list its models.
    private static func facts(_ caller: EndpointCaller) async throws -> [String: String] {
        let list: ModelList
        do {
            list = try await caller.call("/models", body: nil, seed: 0) { json, source throws(FileError) in
                (try ModelList(json, source: source), nil)
            }
        } catch let error as EndpointError where error.kind == .missing {
            return [:]
        } catch CallFailure.refused {
            return [:]
        } catch CallFailure.exhausted(let reason, let detail) {
            throw EndpointError(
                kind: .unavailable, address: caller.address.description,
                problem: "\(reason)\(detail.map { ": \($0)" } ?? "").",
                remedy: "Start it, or check the address: http://host:port/v1#model.")
        }
        return list.models.first { $0.id == caller.address.model }?.facts ?? [:]
    }

    private static func template(at path: String) throws -> ChatTemplate {
        if path.hasSuffix(".jinja") || path.hasSuffix(".jinja2") || path.hasSuffix(".txt") {
            let source = try MappedFile(path: path).withBytes { String(validating: $0, as: UTF8.self) }
            guard let source else { throw FileError(path, "is not UTF-8", remedy: "Give a Jinja template.") }
            return try ChatTemplate(source: source, name: path)
        }
        guard let template = try ChatTemplate(folder: ModelFolder(path: path)) else {
            throw FileError(
                path, "has no chat template", remedy: "Give a Jinja file, or a folder with the model's tokenizer.")
        }
        return template
    }
}
