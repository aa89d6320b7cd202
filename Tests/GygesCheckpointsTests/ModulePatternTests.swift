import GygesCheckpoints
import Testing

/// Regular expressions over names of modules, compared with what Python's `re.fullmatch` says.
@Suite struct ModulePatternTests {
    static let name = "model.layers.10.self_attn.q_proj"

    @Test(arguments: [
        (#".*\.q_proj"#, true), (#".*q_proj"#, true), ("q_proj", false), (#".*(q|v)_proj"#, true),
        (#".*(k|v)_proj"#, false), (#"model\.layers\.[0-9]+\.self_attn\.(?:q_proj|k_proj)"#, true),
        (#"model\.layers\.[0-9]\.self_attn\.q_proj"#, false), (#"model.layers.\d{2}\.\w+.q_proj"#, true),
        (#"model.layers.\d{3,}\.\w+.q_proj"#, false), (#"model.layers.\d{1,3}\.\w+.q_proj"#, true),
        (#"^.*?q_proj$"#, true), (#".*q_proj.+"#, false), (#"[^.]*(\.[^.]*){4}"#, true), (#"[^.]*(\.[^.]*){3}"#, false),
        (#".*\blayers\b.*"#, true), (#".*\bayers\b.*"#, false), (#".*\Bayers\b.*"#, true), ("", false), ("()*.*", true),
        (
            #"(?:.*?(?:language|text).*?(?:q_proj|v_proj).*?)|(?:\bmodel\.layers\.[\d]{1,}\.(?:self_attn|mlp)\.(?:(?:q_proj|k_proj)))"#,
            true
        ), (#".*[\].x-]q_pro[a-j]"#, true), (#"\D*\d\d\S*"#, true),
    ]) func matchesAsPythonDoes(text: String, isMatch: Bool) throws {
        #expect(try ModulePattern(text).matches(Self.name) == isMatch, "\(text)")
    }

    @Test func endsMatchBehindDotsOnly() throws {
        #expect(try ModulePattern("q_proj").matchesEnd(of: Self.name))
        #expect(try ModulePattern("self_attn.q_proj").matchesEnd(of: Self.name))
        #expect(try ModulePattern("(q|k)_proj").matchesEnd(of: Self.name))
        #expect(try !ModulePattern("proj").matchesEnd(of: Self.name))
        #expect(try !ModulePattern("self_attn").matchesEnd(of: Self.name))
        #expect(try ModulePattern(#"^model\.layers\.10.*"#).matchesEnd(of: Self.name))
        #expect(try !ModulePattern(#"^layers\.10.*"#).matchesEnd(of: Self.name))
    }

    @Test(arguments: [
        ("(a", "not closed"), ("a)", "not opened"), ("[a", "not closed"), ("*a", "repeats nothing"),
        ("a**", "repeats a repetition"),
        ("(?=a)", "(?:"), ("(?<n>a)", "(?:"), (#"(a)\1"#, #"\1"#), ("a{3,1}", "{3,1}"), ("a{9999}", "{9999}"),
        ("a{x}", "{x}"),
        ("\\", "ends in a backslash"), ("[z-a]", "backwards"), (String(repeating: "(", count: 100), "too many groups"),
        ("((a{100}){100}){100}", "larger"), ("((){1000}){1000}", "larger"),
    ]) func whatIsNotKnownIsRefused(text: String, mention: String) {
        let fault = #expect(throws: ModulePattern.Fault.self) { try ModulePattern(text) }
        #expect(fault?.problem.contains(mention) ?? false, "\(text): \(fault?.problem ?? "")")
    }

    /// Backtracking would take 2¹⁰⁰ steps.
    @Test func noExpressionTakesForever() throws {
        let name = String(repeating: "a", count: 200)
        #expect(try !ModulePattern("(((a*)*)*)*b").matches(name))
        #expect(try !ModulePattern("(a|a)*(a|aa)*b").matches(name))
        #expect(try ModulePattern("((a?){30}){30}").matches(name))
    }
}
