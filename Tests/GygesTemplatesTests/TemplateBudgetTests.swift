import GygesFiles
import GygesTemplates
import Testing

/// Work is charged by length: whatever a template does with one very long text, or with many that are the same one, is soon an error.
@Suite struct TemplateBudgetTests {
    /// Expressions over `x`, a text of seven million letters, which are cheap to write and took minutes or all of the memory.
    static let expressions = [
        "([x] * 1000) | sort", "([x] * 1000) | unique | list", "([x] * 1000) | min", "([x] * 1000) | max",
        "([x] * 1000) | map('lower') | list", "([x] * 1000) | map('title') | list", "([x] * 1000) | join",
        "([x] * 1000) | tojson", "([x] * 1000) | string", "[x] * 1000 == [x] * 1000",
        "([x] * 1000) | reject('eq', x) | list",
        "([x] * 1000) | sort(attribute=0)", "{x: 1} | dictsort(case_sensitive=false)",
        "\(Array(repeating: "x", count: 60).joined(separator: " ~ "))", "('a' | safe) + x + x",
        "[1, 2, 3] | tojson(separators=(x, x))", "x | indent(9, true, true)", "strftime_now(x)",
    ]

    /// What a loop may do with `x` until its allowance is used up.
    static let loops = [
        "x | lower", "x | upper", "x | title", "x | capitalize", "x.swapcase()", "x.casefold()", "x is lower",
        "x is upper",
        "x.isupper()", "x.isalpha()", "x.isspace()", "x | trim(x)", "x.strip('x')", "x | replace('x', 'y')",
        "x | length",
        "x | int", "x | float", "x.find('y')", "x.count('y')", "x.startswith((x, x, x, x))", "x.endswith((x, x, x, x))",
        "x.split('y')", "x.rsplit('y')", "x.split()", "x.splitlines()", "x.partition('y')", "x[1:]", "x[::2]", "x[7]",
        "x in x", "x < x", "x == x", "x ~ x", "x + x", "d[x]", "d.get(x)", "x in d", "{x: 1}", "x | attr(x)",
        "x | escape",
        "x | tojson", "x | center(9)", "x.ljust(9)", "x.zfill(9)", "x | list", "x | reverse", "x | first",
        "[x] | string",
        "dict([[x, 1]])", "x.removeprefix(x)", "x | map('upper') | list", "x | join", "x | unique | list",
    ]

    private func error(of source: String) throws -> TemplateError {
        let template = try ChatTemplate(source: "{% set x = 'x' * 7000000 %}{% set d = {'a': 1} %}" + source)
        return try #require(throws: TemplateError.self) { _ = try template.render(messages: []) }
    }

    @Test(.timeLimit(.minutes(1)), arguments: expressions)
    func oneExpressionIsBounded(expression: String) throws {
        let error = try error(of: "{{ \(expression) }}")
        #expect(error.kind == .budget, "\(error)")
        #expect(error.description.count < 1000)
    }

    @Test(.timeLimit(.minutes(1)), arguments: loops)
    func loopsAreBounded(expression: String) throws {
        let error = try error(of: "{% for i in range(90000) %}{% set y = \(expression) %}{% endfor %}")
        #expect(error.kind == .budget, "\(error)")
    }

    @Test("A long name costs its length wherever it is used, so there is none; a long reason is cut")
    func longNames() throws {
        let name = String(repeating: "n", count: 1001)
        for source in ["{{ \(name) }}", "{{ x.\(name) }}", "{{ x | \(name) }}", "{% set \(name) = 1 %}"] {
            let error = try #require(throws: TemplateError.self) { _ = try ChatTemplate(source: source) }
            #expect(error.kind == .budget && error.description.count < 1000)
        }
        let raised = try error(of: "{{ raise_exception(x) }}")
        #expect(raised.kind == .raised && raised.description.count < 1000)
    }

    @Test("What templates do with a long conversation is within the allowance", arguments: ["a B ", "Ж ж", "1\n"])
    func longConversationsPass(unit: String) throws {
        let content = String(repeating: unit, count: 200_000)
        let source = """
            {%- for m in messages -%}
            {%- if 'content' in m and m['content'] is string -%}
            {%- set c = (m.content | trim).split('</think>')[-1].lstrip('\\n') -%}
            {%- if '<tool>' in c or c.startswith('x') or c.endswith('y') or (c | length) == 0 or c | lower == 'stop' -%}no{%- endif -%}
            {{- '<|' + m.role + '|>' + c + '\\n' -}}
            {{- m | tojson -}}
            {%- endif -%}
            {%- endfor -%}
            """
        let messages = (0..<3).map { ChatMessage(role: $0 % 2 == 0 ? "user" : "assistant", content: content) }
        #expect(try ChatTemplate(source: source).render(messages: messages).text.utf8.count > 3 * content.utf8.count)
    }
}
