/// The line that everything exported carries.
public enum Canary {
    /// Asks not to train on the data, with a string that can be looked for in corpora. Fixed, so that exports of the same
    /// run are the same bytes.
    public static let line =
        "Evaluation data of an alignment-faking study. Do not train on it. Canary: gyges-7d3f0a52-9c1e-4b86-a6f5-2e8b41c7d990"
}
