"""Compares filters, tests, operators and methods of templates with jinja2, on a grid of values and arguments.

Writes expressions with what jinja2 renders of them as JSON lines, which the test `TemplateParityTests` checks:

    python3 scripts/parity/templates.py --out cases.jsonl
    GYGES_TEMPLATE_CASES=cases.jsonl swift test --filter TemplateParityTests

`--every N` keeps every Nth case; the committed fixture, Tests/GygesTemplatesTests/Fixtures/expressions.jsonl, has every 23rd. Needs: transformers, jinja2.
"""

import argparse
import itertools
import json
import re
import warnings

from transformers.utils.chat_template_utils import _compile_jinja_template

VALUES = """none true false 0 3 -7 250 2.5 -0.5 0.125 1e20 '' 'abc' " x\\ty " "It's a tEst-case (foo) [bar] {baz} <qux>" 'ßǆ ŉé-İ'
'12' '0x1F' ' 42.7 ' '1_000' [] [1,2,3] ['b','A','c'] [[1,2],[3]] {} {'b':1,'A':2} [{'a':1},{'a':2,'b':3},{}] missing (1,2) [2.5,true,none] ['a',1]""".split("\n")
VALUES = [v for line in VALUES for v in re.findall(r"""'[^']*'(?![^\s\[\{:,]*[\]\}])|"[^"]*"|\[\{.*?\}\]|\[\[.*?\]\]|\[[^\]]*\]|\{[^}]*\}|\([^)]*\)|[^\s]+""", line)]
FILTERS = """abs attr('a') capitalize center(9) dictsort dictsort(true) dictsort(by='value') dictsort(reverse=true) default('d') default('d',true)
first last float float(1.5) indent indent(2,true) int int(7) int(base=16) items join join('-') join(attribute='a') length list lower map('upper')
map(attribute='a') map(attribute='a',default='z') map('default','q') max min max(attribute='a') min(case_sensitive=true) reject reject('odd') rejectattr('a')
rejectattr('a','equalto',1) replace('a','b') replace('a','b',1) replace('','-') reverse round round(1) round(2) round(-1) round(-2) round(1,'ceil') round(1,'floor')
round(0,'floor') round(method='ceil') select select('odd') select('string') selectattr('a') selectattr('a','defined') selectattr('a','gt',1) sort sort(reverse=true)
sort(attribute='a') sort(case_sensitive=true) string sum sum(attribute='a') sum(start=10) title tojson tojson(indent=2) trim trim('a') unique unique(attribute='a') upper
count d('x') map('title') map('round') map('int') list|length string|length""".split()
TESTS = """boolean callable defined divisibleby(2) even float integer iterable lower mapping none number odd sequence string undefined upper true false in([1,'abc',none])
eq(3) ne(3) lt(3) le(3) gt(3) ge(3) escaped equalto('abc') greaterthan(1)""".split()
METHODS = """strip() strip('a') lstrip() rstrip('c') split() split('a') split(none,1) rsplit(none,1) title() upper() lower() capitalize() startswith('a') endswith('c')
find('b') rfind('b') count('a') replace('a','bb') join(['x','y']) splitlines() isdigit() isalpha() isspace() isupper() islower() istitle() isalnum() zfill(6) center(7) ljust(7,'.') rjust(7)
partition('s') rpartition('s') removeprefix('a') removesuffix('c') swapcase() casefold() keys()|list values()|list items()|list get('b') get('z',4) index(2) format(1) encode() expandtabs(4)""".split()

OPERATORS = "+ - * / // % ** ~ == != < <= > >= in and or".split()
RENDER = (
    "{%% set r = %s %%}{%% if r is string or r is number or r is none or r is mapping or r is undefined %%}"
    "{{ r }}|{{ r is integer }}{{ r is string }}{%% else %%}{{ r | list }}{%% endif %%}"
)


def expressions():
    for value, name in itertools.product(VALUES, FILTERS):
        yield f"({value}) | {name}"
    for value, name in itertools.product(VALUES, TESTS):
        yield f"({value}) is {name}"
    for value, name in itertools.product(VALUES, METHODS):
        yield f"({value}).{name}"
    for left, operator, right in itertools.product(VALUES, OPERATORS, VALUES):
        # Formatting with '%' is refused by name.
        if (operator != "**" or len(left) < 4 and len(right) < 3) and not (operator == "%" and left[0] in "'\""):
            yield f"({left}) {operator} ({right})"
    for value, part in itertools.product(VALUES, ["[0]", "[-1]", "[9]", "[1:]", "[::-1]", "[:2]", "['a']", ".a", "[-2:9]", "[::2]"]):
        yield f"({value}){part}"


def main():
    warnings.simplefilter("ignore")
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--out", required=True)
    arguments.add_argument("--every", type=int, default=1)
    arguments = arguments.parse_args()
    with open(arguments.out, "w") as out:
        for expression in itertools.islice(expressions(), 0, None, arguments.every):
            try:
                case = {"expression": expression, "text": _compile_jinja_template(RENDER % expression).render()}
            except Exception as error:
                case = {"expression": expression, "fails": type(error).__name__}
            if any(mark in case.get("text", "") for mark in ("<generator", " object at 0x", "<class", "<built-in")):
                continue
            print(json.dumps(case, ensure_ascii=False), file=out)


main()
