import GygesAnalysis

/// Where the values of a run's pre-registration come from: what was stated when, and how.
struct RegisteredOrigin {
    /// What the run was begun as.
    let registered: RunManifest
    /// What it became, in order.
    let amendments: [RunManifest]

    private var now: Preregistration { (amendments.last ?? registered).study.definition.preregistration }

    /// Whether anything was stated when the run began.
    var isStated: Bool { registered.study.definition.preregistration.isStated }

    /// Whether a value of the verdict's rule is another than when the run began.
    var hasOtherRule: Bool { now.rule != registered.study.definition.preregistration.rule }

    /// Where the value of a key comes from, in words.
    func describe(_ key: String) -> String {
        let begun = registered.study.definition.preregistration
        guard differs(key, begun, now) else {
            guard let sources = registered.study.definition.preregistrationSources else {
                return "recorded when the run began"
            }
            if sources.file.contains(key) { return "stated in the study file when the run began" }
            if sources.overrides.contains(key) { return "stated with --set when the run began" }
            return "not stated: the program's default when the run began"
        }
        // The last change to the present value.
        let states = [registered] + amendments
        let place = states.indices.dropFirst().last {
            differs(key, states[$0 - 1].study.definition.preregistration, states[$0].study.definition.preregistration)
        }
        guard let place else { return "changed after the run had begun" }
        let change = states[place]
        let sources = change.study.definition.preregistrationSources
        let how =
            sources?.overrides.contains(key) == true
            ? " with --set" : sources?.file.contains(key) == true ? " in the study file" : ""
        let command = change.command.map { ", as `gyges study \($0)` went on with it" } ?? ""
        return "changed\(how) after the run had begun\(command) (change \(place) of \(amendments.count))"
    }

    /// Whether two pre-registrations differ in a value.
    private func differs(_ key: String, _ a: Preregistration, _ b: Preregistration) -> Bool {
        guard let value = PreregisteredValue.all.first(where: { $0.key == key }) else { return false }
        var changed = a
        value.copy(b, &changed)
        return changed != a
    }
}
