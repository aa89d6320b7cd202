import GygesFiles
import GygesTemplates
import Testing

/// The language of templates: what expressions yield, checked against jinja2 by hand, and what is refused.
@Suite struct TemplateLanguageTests {
    /// Template, and what jinja2 renders with `x = [3, 1, 2]`, `d = {"b": 1, "A": 2}`, `s = " Gyges "`.
    static let expressions: [(String, String)] = [
        ("{{ x | sort | join('-') }}", "1-2-3"), ("{{ x | sort(reverse=true) }}", "[3, 2, 1]"),
        ("{{ x | sum }} {{ x | min }} {{ x | max }} {{ x | length }}", "6 1 3 3"),
        ("{{ d | dictsort }}", "[('A', 2), ('b', 1)]"), ("{{ d.items() | list }}", "[('b', 1), ('A', 2)]"),
        ("{{ d | tojson }}", #"{"b": 1, "A": 2}"#), ("{{ d | tojson(indent=2) }}", "{\n  \"b\": 1,\n  \"A\": 2\n}"),
        ("{{ s | trim }}|{{ s.strip() | upper }}|{{ s | length }}", "Gyges|GYGES|7"),
        ("{{ 'a,b,,c'.split(',') }}", "['a', 'b', '', 'c']"), ("{{ 'a b'.split()[-1] }}", "b"),
        ("{{ x[1:] }}{{ x[::-1] }}{{ s[1:3] }}", "[1, 2][2, 1, 3]Gy"),
        ("{{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 2 ** 10 }}", "3 -4 2 3.5 1024"),
        ("{{ 'yes' if missing is defined else 'no' }}", "no"), ("{{ missing | default('d') }}", "d"),
        ("{{ '' | default('d', true) }}{{ none | default('d') }}", "dNone"),
        (
            "{{ x is iterable }} {{ s is string }} {{ d is mapping }} {{ 3 is odd }} {{ 1 in x }}",
            "True True True True True"
        ),
        ("{% for i in x %}{{ loop.index }}{{ i }}{{ ',' if not loop.last }}{% endfor %}", "13,21,32"),
        ("{% for i in x if i > 1 %}{{ i }}{% else %}none{% endfor %}", "32"),
        ("{% for i in [] %}{{ i }}{% else %}none{% endfor %}", "none"),
        ("{% for i in x %}{% if i == 1 %}{% continue %}{% endif %}{{ i }}{% endfor %}", "32"),
        ("{% set n = namespace(c=0) %}{% for i in x %}{% set n.c = n.c + i %}{% endfor %}{{ n.c }}", "6"),
        ("{% macro m(a, b=2) %}<{{ a }}{{ b }}>{% endmacro %}{{ m(1) }}{{ m(1, b=3) }}", "<12><13>"),
        ("{{ x | map('string') | join }}{{ [d, d] | map(attribute='b') | list }}", "312[1, 1]"),
        ("{{ x | select('gt', 1) | list }}{{ x | reject('==', 3) | list }}", "[3, 2][1, 2]"),
        ("{{ [d] | selectattr('b', 'equalto', 1) | list | length }}", "1"),
        ("{{ 'a\\nb' | indent(2) }}|{{ 'a\\nb' | indent(2, true) }}", "a\n  b|  a\n  b"),
        ("{{ 'x' ~ 1 ~ none ~ true }}", "x1NoneTrue"), ("{{ 1.0 }} {{ 1e20 }} {{ 3.14 | round(1) }}", "1.0 1e+20 3.1"),
        ("{{ '12' | int + 1 }} {{ 'x' | int }} {{ '2.5' | float }}", "13 0 2.5"),
        ("{{ 'é' | tojson }}{{ '</script>' | tojson }}", "\"é\"\"</script>\""),
        ("{%- set a = 1 -%}  {{ a }}  {%- if a %} b{% endif %}", "1 b"),
        ("  {% if true %}\nx\n  {% endif %}\ny", "x\ny"),
        ("{% set t %}a{{ 1 }}{% endset %}{{ t }}", "a1"), ("{% filter upper %}a{% endfilter %}", "A"),
        ("{{ [1, 2, 2, 1] | unique | list }}{{ 'abc' | reverse }}{{ x | first }}{{ x | last }}", "[1, 2]cba32"),
        ("{{ (1, 2) }}{{ {'a': [1, none]} }}{{ 'it\\'s' | list | length }}", "(1, 2){'a': [1, None]}4"),
        ("{{ 1 < 2 <= 2 }}{{ not x }}{{ x and 'y' }}{{ missing or 'z' }}", "TrueFalseyz"),
        ("{{ 'a-b' | replace('-', '+') }}{{ 'Title case' | title }}{{ 'abc' | capitalize }}", "a+bTitle CaseAbc"),
    ]

    @Test(arguments: expressions)
    func expressionsYieldWhatJinjaYields(template: String, expected: String) throws {
        let variables: JSON = ["x": [3, 1, 2], "d": ["b": 1, "A": 2], "s": " Gyges "]
        let rendered = try ChatTemplate(source: template).render(
            messages: [], variables: try #require(variables.object))
        #expect(rendered.text == expected)
    }

    /// What is no template, with the line at fault.
    static let malformed: [(String, TemplateError.Kind, Int)] = [
        ("\n{% if x %}", .syntax, 2), ("{{ x", .syntax, 1), ("{% endif %}", .syntax, 1), ("{{ }}", .syntax, 1),
        ("{% for in x %}{% endfor %}", .syntax, 1), ("{# open", .syntax, 1), ("{{ 'open }}", .syntax, 1),
        ("a\nb\n{{ 1 +* }}", .syntax, 3), ("{% if x %}{% endfor %}", .syntax, 1), ("{{ x | }}", .syntax, 1),
        ("{{ (1, 2 }}", .syntax, 1), ("{% set 3 = 4 %}", .syntax, 1), ("{{ x is }}", .syntax, 1),
        ("{% include 'file' %}", .unsupported, 1), ("{{ x | exec }}", .unsupported, 1),
        ("{{ x is evil }}", .unsupported, 1), ("{% import 'os' as o %}", .unsupported, 1),
    ]

    @Test(arguments: malformed)
    func malformedTemplatesAreRefused(source: String, kind: TemplateError.Kind, line: Int) throws {
        let error = try #require(throws: TemplateError.self) { _ = try ChatTemplate(source: source, name: "t.jinja") }
        #expect(error.kind == kind && error.line == line && error.template == "t.jinja", "\(error)")
        #expect(!error.remedy.isEmpty && error.description.contains("t.jinja: line \(line)"))
    }

    /// Templates that fail when they run, with the class of failure.
    static let failing: [(String, TemplateError.Kind)] = [
        ("{{ missing.member }}", .undefined), ("{{ missing() }}", .undefined), ("{{ 1 / 0 }}", .arithmetic),
        ("{{ 1 % 0 }}", .arithmetic), ("{{ 9223372036854775807 + 1 }}", .arithmetic), ("{{ 2 ** 64 }}", .arithmetic),
        ("{{ 'a' + 1 }}", .type), ("{{ 1 < 'a' }}", .type), ("{{ x[0:1:0] }}", .type),
        ("{{ raise_exception('no') }}", .raised), ("{{ x.append(1) }}", .unsupported),
        ("{% for i in range(100000) %}{% for j in range(100000) %}{{ j }}{% endfor %}{% endfor %}", .budget),
        ("{{ range(10 ** 12) }}", .budget), ("{{ 'a' * 10 ** 12 }}", .budget), ("{{ [0] * 10 ** 12 }}", .budget),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", .budget),
        ("{% set ns = namespace(l=[]) %}{% for i in range(1000) %}{% set ns.l = [ns.l] %}{% endfor %}", .budget),
        ("{% set ns = namespace(s='x') %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}", .budget),
        ("{{ 'x' | center(10 ** 15) }}", .budget), ("{{ x | tojson(indent=99999999) }}", .budget),
        ("{% for i in range(9999999) %}{% endfor %}", .budget),
    ]

    @Test(.timeLimit(.minutes(1)), arguments: failing)
    func failuresAreTypedAndBounded(source: String, kind: TemplateError.Kind) throws {
        let template = try ChatTemplate(source: source, name: "t.jinja")
        let error = try #require(throws: TemplateError.self) {
            _ = try template.render(messages: [], variables: JSONObject([("x", JSON.array([1, 2]))]))
        }
        #expect(error.kind == kind && error.line == 1 && !error.remedy.isEmpty, "\(error)")
    }

    @Test func nestingIsBounded() {
        for (open, close) in [("(", ")"), ("[", "]"), ("not ", ""), ("-", "")] {
            let source =
                "{{ " + String(repeating: open, count: 20_000) + "1" + String(repeating: close, count: 20_000) + " }}"
            #expect(throws: TemplateError.self) { _ = try ChatTemplate(source: source) }
        }
        let tags = String(repeating: "{% if 1 %}", count: 5000) + String(repeating: "{% endif %}", count: 5000)
        #expect(throws: TemplateError.self) { _ = try ChatTemplate(source: tags) }
        let huge = String(repeating: "x", count: (512 << 10) + 1)
        #expect(throws: TemplateError.self) { _ = try ChatTemplate(source: huge) }
    }

    @Test func longChainsAreNotDeep() throws {
        let source = "{{ 1" + String(repeating: " + 1", count: 20_000) + " }}"
        #expect(try ChatTemplate(source: source).render(messages: []).text == "20001")
    }
}
