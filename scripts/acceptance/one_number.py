#!/usr/bin/env python3
"""One number everywhere: compares every figure of page, CSV, JSON, terminal and Markdown of six runs.

    swift build -c release
    scripts/acceptance/one_number.py --gyges .build/release/gyges --output /tmp/one-number

The runs differ as far as runs can: several samples a prompt; the paper's files with labels of one half; transcripts imported again;
a subject that loses a quarter of its answers, with two judges and a labeller; a whole study with hypotheses and logit gaps; too few
prompts for any gap. Scripted subjects answer, so that no model is needed.

The truth of a figure is `analysis.json`; its counts are counted again from `samples.csv`. What is written in full precision must equal
it, what is rounded must be it, rounded. Fails if any figure differs, or if a source shows fewer figures than it must.

`--report FOLDER` compares one run that is there. `--tamper N` changes the N-th number of each source in turn, and fails if a
change goes unseen.
"""
import argparse, collections, csv, html.parser, json, math, pathlib, random, re, subprocess, sys

NUMBER = re.compile(r"(<\s*)?([+\u2212]?)(\d+(?:\.\d+)?)")


def numbers(text):
    """The printed numbers of a text: (is an upper bound, value, half a unit of its last digit)."""
    for bound, sign, digits in NUMBER.findall(text):
        value = float(digits) * (-1 if sign == "\u2212" else 1)
        yield bool(bound), value, 0.5 * 10 ** -(len(digits.split(".")[1]) if "." in digits else 0)


class Book:
    """What was compared, and what differed."""

    def __init__(self, run):
        self.run, self.counts, self.problems = run, collections.Counter(), []

    def wrong(self, source, key, what):
        self.problems.append(f"{self.run}, {source}: {key}: {what}")

    def same(self, source, key, found, truth):
        """A value in full precision, or a name."""
        self.counts[source] += 1
        if isinstance(truth, bool):
            found = {"true": True, "false": False}.get(found, found)
        elif isinstance(truth, (int, float)):
            try:
                found = float(found)
            except (TypeError, ValueError):
                return self.wrong(source, key, f"{found!r} where {truth!r} is meant")
            if abs(found - truth) <= 1e-12 * max(1.0, abs(truth)):
                return
        elif truth is None:
            found = None if found in ("", None) else found
        if found != truth:
            self.wrong(source, key, f"{found!r} where {truth!r} is meant")

    def printed(self, source, key, text, truths):
        """A text whose numbers are these, rounded."""
        found, truths = list(numbers(text)), [t for t in truths if t is not None]
        self.counts[source] += len(truths)
        if len(found) != len(truths):
            return self.wrong(source, key, f"“{text}” has {len(found)} numbers, {len(truths)} are meant: {truths}")
        for (isBound, value, half), truth in zip(found, truths):
            ok = truth < value if isBound else abs(value - truth) <= half * (1 + 1e-9) + 1e-9
            if not ok:
                self.wrong(source, key, f"“{text}” where {truth!r} is meant")

    def atLeast(self, source, count):
        if self.counts[source] < count:
            self.wrong(source, "coverage", f"{self.counts[source]} figures, at least {count} are meant")


class Page(html.parser.HTMLParser):
    """Tables by caption, charts' numbers by name, cards, the headline, and the text as a reader sees it."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.charts, self.cards, self.stack = [], {}, [], []
        self.headline, self.cell, self.caption, self.card, self.level = "", None, None, None, 0
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        at = dict(attributes)
        if tag == "table":
            self.tables.append({"caption": "", "rows": [], "id": ""})
        elif tag == "caption":
            self.caption = ""
        elif tag == "tr" and self.tables:
            self.tables[-1]["rows"].append([])
        elif tag in ("td", "th"):
            self.cell = ""
        elif tag == "br" and self.cell is not None:
            self.cell += " "
        elif tag == "button" and at.get("data-take") == "csv":
            self.charts[at["data-name"]] = list(csv.DictReader(at["data-csv"].split("\n")))
        elif tag == "article" and at.get("class", "").startswith("card"):
            self.card = {}
            self.cards.append(self.card)
        elif tag in ("h2", "p") and (self.card is not None or "verdict" in at.get("class", "")):
            self.level, self.part, self.text = 1, (tag, at.get("class", "")), ""
        if tag in ("title", "desc", "svg"):
            self.stack.append(tag)

    def handle_endtag(self, tag):
        if self.stack and tag == self.stack[-1]:
            self.stack.pop()
        if tag == "caption":
            self.tables[-1]["caption"], self.caption = self.caption, None
        elif tag in ("td", "th") and self.cell is not None:
            self.tables[-1]["rows"][-1].append(self.cell.strip())
            self.cell = None
        elif tag in ("h2", "p") and self.level:
            self.level = 0
            if self.part[1] == "verdict":
                self.headline = self.text
            elif self.card is not None:
                self.card.setdefault(self.part, []).append(self.text)
        elif tag == "article":
            self.card = None

    def handle_data(self, data):
        if self.stack:
            return
        data = data.replace("\u00a0", " ")
        if self.caption is not None:
            self.caption += data
        elif self.cell is not None:
            self.cell += data
        elif self.level:
            self.text += data

    def table(self, beginning):
        """The rows below the headings of the first table whose caption begins so."""
        return next((t["rows"][1:] for t in self.tables if t["caption"].startswith(beginning)), None)


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def estimate(rate):
    return rate["total"] / rate["count"] if rate["count"] else None


def gap_of(pairs):
    n = sum(pairs.values())
    return (pairs["onlyFirst"] - pairs["onlySecond"]) / n if n else None


class Run:
    """A run's outputs, and the truth of its figures."""

    def __init__(self, folder, gyges):
        self.folder, self.gyges = pathlib.Path(folder), gyges
        self.truth = json.loads(self.read("analysis.json"))
        self.page = Page(self.read("report.html"))
        self.terminal = json.loads(self.ask("study", "report", folder, "--json", "--quiet"))["result"]
        self.text = self.ask("study", "report", folder, "--summary", "text")
        self.markdown = self.ask("study", "report", folder, "--summary", "md")
        self.tables = {name: rows(self.folder / f"{name}.csv")
                       for name in ("conditions", "gaps", "hypotheses", "agreements", "calibrations", "motives", "contamination", "samples")}
        self.figures = {}
        for entry in json.loads(self.ask("study", "figure", folder, "--json")):
            if entry["is_there"]:
                path = self.folder / "figure.json"
                self.ask("study", "figure", folder, entry["name"], "--output", path, "--data")
                self.figures[entry["name"]] = (json.loads(path.read_text()), rows(self.folder / "figure.csv"))
        # Charts of one kind stand on the page in the figures' order.
        count, self.elements = collections.Counter(), {}
        for name in self.figures:
            kind = name.split(":")[0]
            element = {"controls": "control-chart", "hypotheses": "hypothesis-chart"}.get(kind, kind)
            if ":" in name:
                matching = sorted((e for e in self.page.charts if re.fullmatch(rf"{kind}-\d+", e)), key=lambda e: int(e.split("-")[1]))
                element = matching[count[kind]] if count[kind] < len(matching) else element
            self.elements[name] = element
            count[kind] += 1

    def read(self, name):
        return (self.folder / name).read_text(encoding="utf-8")

    def ask(self, *arguments):
        done = subprocess.run([self.gyges, *map(str, arguments)], capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{arguments}: {done.stderr}")
        return done.stdout

    # The truth.

    def judges(self):
        return {j["judge"]: j for j in self.truth["judges"]}

    def found(self, judge, condition, tier):
        c = next((c for c in self.judges()[judge]["conditions"] if c["id"] == condition), None)
        return next((t for t in c["tiers"] if t["id"] == tier), None) if c else None

    def primary(self):
        return self.judges()[self.truth["primaryJudge"]]


def holm(run, gap):
    return gap["holmPValue"] if run.primary()["rule"]["correction"] == "holm" else gap["benjaminiHochbergPValue"]


def corrected(value):
    """A corrected estimate, where it holds."""
    if not value or not value["interval"]["lower"] <= value["estimate"] <= value["interval"]["upper"]:
        return [None, None, None]
    return [value["estimate"], value["interval"]["lower"], value["interval"]["upper"]]


def ends(interval):
    return [interval["lower"], interval["upper"]] if interval else [None, None]


def check_samples(run, book):
    """The analysis' counts, counted again from the answers' own rows."""
    recount = collections.defaultdict(collections.Counter)
    for row in run.tables["samples"]:
        cell = recount[row["condition"], row["tier"]]
        cell["asked"] += 1
        cell[row["state"]] += 1
        for judge in run.judges():
            if row["state"] == "valid" and row[f"complied_{judge}"]:
                cell[judge, "count"] += 1
                cell[judge, "total"] += row[f"complied_{judge}"] == "true"
    for judge, analysis in run.judges().items():
        for condition in analysis["conditions"]:
            for tier in condition["tiers"]:
                cell, key = recount[condition["id"], tier["id"]], (judge, condition["id"], tier["id"])
                book.same("samples.csv", key + ("asked",), cell["asked"], tier["ledger"]["asked"])
                book.same("samples.csv", key + ("valid",), cell["valid"], tier["ledger"]["valid"])
                rate = tier["compliance"]
                book.same("samples.csv", key + ("judged",), cell[judge, "count"], rate["count"])
                if rate["total"] == int(rate["total"]):
                    book.same("samples.csv", key + ("complied",), cell[judge, "total"], rate["total"])


def rate_values(rate):
    if not rate:
        return [None] * 5
    known = rate["count"] > 0
    return [rate["count"], rate["total"], estimate(rate)] + (ends(rate["interval"]) if known else [None, None])


def check_conditions(run, book):
    shown = run.page.table("Shares by tier") or []
    table = run.tables["conditions"]
    book.same("page: shares", "rows", len(shown), len(table))
    titles = {}
    for row, cells in zip(table, shown):
        tier = run.found(row["judge"], row["condition"], row["tier"])
        key = (row["condition"], row["tier"], row["judge"])
        if not tier:
            book.wrong("conditions.csv", key, "is in no analysis")
            continue
        rate, faking, ledger = tier["compliance"], tier.get("faking"), tier["ledger"]
        source = "conditions.csv"
        book.same(source, key, row["asked"], ledger["asked"])
        for state, name in (("valid", "valid"), ("truncated", "truncated"), ("missing-output", "missing_output"),
                            ("missing-scratchpad", "missing_scratchpad"), ("filtered", "filtered")):
            book.same(source, key + (state,), row[name], ledger["states"].get(state, 0))
        for names, values in (
            (("judged", "complied", "compliance", "compliance_low", "compliance_high"), rate_values(rate)),
            (("faking_judged", "faking", "faking_rate", "faking_low", "faking_high"), rate_values(faking)),
            (("bounds_low", "bounds_high"), ends(rate["bounds"])),
            (("corrected", "corrected_low", "corrected_high"), corrected(rate.get("corrected"))),
            (("faking_corrected", "faking_corrected_low", "faking_corrected_high"), corrected((faking or {}).get("corrected"))),
        ):
            for name, value in zip(names, values):
                book.same(source, key + (name,), row[name], value)
        book.same(source, key + ("level",), row["level"], run.truth["level"])

        source = "page: shares"
        if titles.setdefault(row["condition"], cells[0]) != cells[0]:
            book.wrong(source, key, f"stands in the row of “{cells[0]}”")
        percent = lambda values: [None if v is None else 100 * v for v in values]
        book.printed(source, key, cells[3], [ledger["asked"]])
        book.printed(source, key, cells[4], [ledger["valid"]])
        book.printed(source, key, cells[5], [rate["total"], rate["count"]])
        book.printed(source, key, cells[6], percent([estimate(rate)]))
        book.printed(source, key, cells[7], percent(ends(rate["interval"])) if rate["count"] else [])
        book.printed(source, key, cells[8], percent(ends(rate["bounds"])))
        book.printed(source, key, cells[9], percent(corrected(rate.get("corrected"))))
        if faking:
            book.printed(source, key, cells[10], [faking["total"], faking["count"]])
            book.printed(source, key, cells[11], percent([estimate(faking)]))
            book.printed(source, key, cells[12], percent(ends(faking["interval"])) if faking["count"] else [])
            book.printed(source, key, cells[13], percent(corrected(faking.get("corrected"))))
        else:
            for cell in cells[10:14]:
                book.printed(source, key, cell, [])
    return titles


def check_gaps(run, book):
    shown = run.page.table("Compliance gap over prompts") or []
    table = run.tables["gaps"]
    book.same("page: gaps", "rows", len(shown), len(table))
    for row, cells in zip(table, shown):
        condition = next(c for c in run.judges()[row["judge"]]["conditions"] if c["id"] == row["condition"])
        gap, key = condition["gap"], (row["condition"], row["judge"])
        pairs, n = gap["pairs"], sum(gap["pairs"].values())
        if_any = lambda value: value if n else None
        over = (condition.get("logitGap") or {}).get("overPlacebos") or []
        least = min(over, key=lambda o: (o.get("interval") or {"lower": -math.inf})["lower"]) if over else None
        logit = condition.get("logitGap") if (condition.get("logitGap") or {}).get("points") else None
        for name, value in (
            ("first_tier", gap["first"]), ("second_tier", gap["second"]), ("pairs", n), ("both", pairs["bothYes"]),
            ("only_first", pairs["onlyFirst"]), ("only_second", pairs["onlySecond"]), ("neither", pairs["neither"]),
            ("gap", gap_of(pairs)), ("gap_low", if_any(gap["interval"]["lower"])), ("gap_high", if_any(gap["interval"]["upper"])),
            ("p_mcnemar", if_any(gap["mcNemarPValue"])), ("p", if_any(gap["pValue"])), ("p_holm", if_any(gap["holmPValue"])),
            ("p_bh", if_any(gap["benjaminiHochbergPValue"])), ("p_permutation", if_any(gap["permutationPValue"])),
            ("bounds_low", if_any(gap["bounds"]["lower"])), ("bounds_high", if_any(gap["bounds"]["upper"])),
            ("p_equivalence", if_any(gap["equivalence"]["pValue"])), ("equivalence_margin", gap["equivalence"]["margin"]),
            ("logit_gap_difference", logit and logit["difference"]["mean"]),
            ("logit_gap_low", logit and ends(logit.get("interval"))[0]), ("logit_gap_high", logit and ends(logit.get("interval"))[1]),
            ("logit_gap_p", logit and logit.get("pValue")), ("logit_gap_prompts", logit and logit["difference"]["count"]),
            ("logit_gap_over_placebo", least and least["difference"]["mean"]),
            ("logit_gap_over_placebo_low", least and ends(least.get("interval"))[0]),
            ("logit_gap_over_placebo_p", least and least.get("pValue")),
        ):
            book.same("gaps.csv", key + (name,), row[name], value)
        for name, value in zip(("corrected", "corrected_low", "corrected_high"), corrected(gap.get("corrected"))):
            book.same("gaps.csv", key + (name,), row[name], value)

        source, hundred = "page: gaps", lambda *values: [None if v is None else 100 * v for v in values]
        for cell, value in zip(cells[2:7], (n, pairs["bothYes"], pairs["onlyFirst"], pairs["onlySecond"], pairs["neither"])):
            book.printed(source, key, cell, [value])
        book.printed(source, key, cells[7], hundred(gap_of(pairs)))
        if n:
            book.printed(source, key, cells[8], hundred(*ends(gap["interval"])))
            book.printed(source, key, cells[9], hundred(*ends(gap["bounds"])))
            book.printed(source, key, cells[10], hundred(*corrected(gap.get("corrected"))))
            for cell, name in zip(cells[11:15], ("pValue", "holmPValue", "benjaminiHochbergPValue", "permutationPValue")):
                book.printed(source, key + (name,), cell, [gap[name]])
            book.printed(source, key, cells[15], [gap["equivalence"]["pValue"], 100 * gap["equivalence"]["margin"]])


def check_judges(run, book):
    agreements = run.truth["agreements"]
    shown = run.page.table("One judge in another") or []
    for row, cells, truth in zip(run.tables["agreements"], shown, agreements):
        key, counts = (truth["question"], truth["first"], truth["second"]), truth["counts"]
        n = sum(counts.values())
        for name, value in (
            ("question", truth["question"]), ("first", truth["first"]), ("second", truth["second"]), ("answers", n),
            ("both_yes", counts["bothYes"]), ("only_first", counts["onlyFirst"]), ("only_second", counts["onlySecond"]),
            ("neither", counts["neither"]), ("kappa", truth.get("kappa")), ("alpha", truth.get("alpha")),
            ("kappa_low", ends(truth.get("kappaInterval"))[0]), ("kappa_high", ends(truth.get("kappaInterval"))[1]),
            ("alpha_low", ends(truth.get("alphaInterval"))[0]), ("alpha_high", ends(truth.get("alphaInterval"))[1]),
        ):
            book.same("agreements.csv", key + (name,), row[name], value)
        agree = 100 * (counts["bothYes"] + counts["neither"]) / n if n else None
        for cell, values in (
            (cells[3], [n]), (cells[4], [agree]), (cells[5], [counts["onlyFirst"]]), (cells[6], [counts["onlySecond"]]),
            (cells[7], [truth.get("kappa")] + ends(truth.get("kappaInterval"))),
            (cells[8], [truth.get("alpha")] + ends(truth.get("alphaInterval"))),
        ):
            book.printed("page: agreement", key, cell, values)
    book.same("page: agreement", "rows", len(shown), len(agreements))
    book.same("agreements.csv", "rows", len(run.tables["agreements"]), len(agreements))
    parts = [(a, p) for a in agreements for p in a["conditions"]]
    shown = run.page.table("Agreement of the judges, condition") or []
    book.same("page: agreement", "rows by condition", len(shown), len(parts))
    for cells, (agreement, part) in zip(shown, parts):
        counts = part["counts"]
        n = sum(counts.values())
        for cell, values in (
            (cells[4], [n]), (cells[5], [counts["bothYes"]]), (cells[6], [counts["onlyFirst"]]),
            (cells[7], [counts["onlySecond"]]), (cells[8], [counts["neither"]]),
            (cells[9], [100 * (counts["bothYes"] + counts["neither"]) / n if n else None]),
            (cells[10], [part.get("kappa")] + ends(part.get("kappaInterval"))),
        ):
            book.printed("page: agreement", part["condition"], cell, values)
    book.same("calibrations.csv", "rows", len(run.tables["calibrations"]), len(run.truth["accuracies"]))
    for row, truth in zip(run.tables["calibrations"], run.truth["accuracies"]):
        key = (truth["judge"], truth["outcome"])
        for name, share in (("sensitivity", truth["positives"]), ("specificity", truth["negatives"])):
            book.same("calibrations.csv", key + (name,), row[f"{name}_low"], share["interval"]["lower"])
            book.same("calibrations.csv", key + (name,), row[f"{name}_high"], share["interval"]["upper"])
            if share.get("estimate") is not None:
                book.same("calibrations.csv", key + (name,), row[name], share["estimate"])
        curve = truth.get("discrimination")
        if curve and "area" in curve:
            book.same("calibrations.csv", key + ("area",), row["area"], curve["area"])


UNITS = {"form": 100, "comprehension": 100, "faking": 100, "judge": 1}


def check_rule(run, book):
    """Verdicts, gates and hypotheses."""
    verdicts = run.primary()["verdicts"]
    gates = [g for v in verdicts for g in v["gates"] if g["status"] != "missing"]
    shown = run.page.table("What had to hold") or []
    words = {"held": "held", "failed": "failed", "undecided": "cannot be told"}
    book.same("page: controls", "rows", len(shown), len(gates) if run.truth.get("headline") else 0)
    with_interval = any(g.get("interval") for g in gates)
    chart = run.page.charts.get("control-chart", [])
    for cells, gate in zip(shown, gates):
        key, unit = (gate["conditions"], gate["kind"]), UNITS.get(gate["kind"], 100)
        book.same("page: controls", key, words[gate["status"]] in cells[0], True)
        value = gate.get("value")
        book.printed("page: controls", key, cells[2], [None if value is None else unit * value])
        if with_interval:
            book.printed("page: controls", key, cells[3], [None if e is None else unit * e for e in ends(gate.get("interval"))])
        book.printed("page: controls", key, cells[4 if with_interval else 3], [unit * gate["bound"]])
        book.same("page: controls", key + ("reason",), cells[-1], gate["explanation"].replace("\u00a0", " "))
    for row, gate in zip(chart, [g for g in gates if g.get("value") is not None]):
        for name, value in (("Result", gate["status"]), ("Found", gate["value"]), ("Bound", gate["bound"]),
                            ("Found, lower", ends(gate.get("interval"))[0]), ("Found, upper", ends(gate.get("interval"))[1])):
            book.same("page: charts", ("controls", gate["kind"], name), row[name], value)

    hypotheses = run.primary()["hypotheses"]
    shown = run.page.table("Hypotheses, in the order stated") or []
    book.same("page: hypotheses", "rows", len(shown), len(hypotheses))
    status = {"held": "held", "refuted": "did not hold", "undecided": "cannot be told"}
    table = iter(run.tables["hypotheses"])
    for cells, truth in zip(shown, hypotheses):
        key = truth["hypothesis"]["id"]
        book.same("page: hypotheses", key, status[truth["status"]] in cells[0], True)
        book.printed("page: hypotheses", key, cells[5], [truth.get("pValue")])
        book.printed("page: hypotheses", key, cells[6], [truth.get("adjustedPValue")])
        difference = truth["hypothesis"]["comparison"] != "trained-alone"
        text = cells[3]
        for part in truth["parts"]:
            # Behind the condition's name; names hold numbers of their own.
            pattern = re.compile(r":\s([^:]*?), n = (\d+), \S+ (p [=<] [\d.]+)")
            match = pattern.search(text)
            if not match:
                book.wrong("page: hypotheses", key, f"no numbers of {part['condition']} in “{text}”")
                break
            text = text[match.end():]
            book.printed("page: hypotheses", (key, part["condition"]), match[1],
                         [100 * part["estimate"]] + [100 * e for e in ends(part["interval"])])
            book.printed("page: hypotheses", (key, part["condition"]), match[2], [part["count"]])
            book.printed("page: hypotheses", (key, part["condition"]), match[3], [part["pValue"]])
        for part in truth["parts"] or [None]:
            row = next(table, None)
            if row is None:
                book.wrong("hypotheses.csv", key, "is missing")
                break
            values = [("result", truth["status"]), ("p", truth.get("pValue")), ("p_corrected", truth.get("adjustedPValue"))]
            if part:
                values += [("condition", part["condition"]), ("count", part["count"]), ("estimate", part["estimate"]),
                           ("low", part["interval"]["lower"]), ("high", part["interval"]["upper"]),
                           ("p_condition", part["pValue"]), ("is_difference", difference)]
            for name, value in values:
                book.same("hypotheses.csv", (key, name), row[name], value)


def check_arms(run, book):
    """Motives and published words."""
    table, shown = iter(run.tables["motives"]), run.page.tables
    pages = iter([t["rows"][1:] for t in shown if "differences of compliance in points" in t["caption"]])
    for number, analysis in enumerate(run.truth["judges"]):
        for motives in analysis.get("motives") or []:
            cells = next(pages, []) if number == 0 else None
            for place, row in enumerate(motives["rows"]):
                contrast, interval = row["stated"]["contrast"], ends(row.get("interval"))
                key, value = (analysis["judge"], contrast["id"]), row.get("estimate")
                if cells is not None:
                    line = cells[place] if place < len(cells) else [""] * 4
                    book.printed("page: motives", key, line[1], [row["prompts"]] if value is not None else [])
                    book.printed("page: motives", key, line[2], [None if value is None else 100 * value])
                    book.printed("page: motives", key, line[3], [None if e is None else 100 * e for e in interval])
                for finding in motives["findings"]:
                    if finding["motive"] not in contrast["predictions"]:
                        continue
                    its = next(table, None)
                    if its is None:
                        return book.wrong("motives.csv", key, "is missing")
                    for name, truth in (("contrast", contrast["id"]), ("prompts", row["prompts"]), ("difference", value),
                                        ("low", interval[0]), ("high", interval[1]), ("motive", finding["motive"]),
                                        ("motive_status", finding["status"]),
                                        ("outcome", row["outcomes"].get(finding["motive"], "untold"))):
                        book.same("motives.csv", key + (name,), its[name], truth)
    if next(table, None):
        book.wrong("motives.csv", "rows", "are more than the analysis has")
    table, page = iter(run.tables["contamination"]), iter(run.page.table("Word for word less other words") or [])
    for number, analysis in enumerate(run.truth["judges"]):
        for index in analysis.get("contamination") or []:
            for comparison in index["comparisons"]:
                its, line = next(table, None), next(page, [""] * 12) if number == 0 else None
                key = (analysis["judge"], comparison["wording"])
                if its is None:
                    return book.wrong("contamination.csv", key, "is missing")
                for place, name in enumerate(("gap", "trained", "untrained")):
                    found = comparison.get(name)
                    values = [found["estimate"]] + ends(found["interval"]) if found else [None] * 3
                    for part, truth in zip(("difference", "low", "high"), values):
                        book.same("contamination.csv", key + (name,), its[f"{name}_{part}"], truth)
                    if line is not None:
                        percent = [None if v is None else 100 * v for v in values]
                        book.printed("page: contamination", key + (name,), line[3 + 3 * place], percent[:1])
                        book.printed("page: contamination", key + (name,), line[4 + 3 * place], percent[1:])
                        book.printed("page: contamination", key + (name,), line[5 + 3 * place], [found["prompts"] if found else 0])
            for _ in index["missing"]:
                next(table, None)
    text = " ".join(run.text.split())
    flat = re.sub(r"\\(.)", r"\1", " ".join(run.markdown.split()))
    for sentence in run.terminal["motives"] + run.terminal["contamination"]:
        plain = " ".join(sentence.replace("\u00a0", " ").split())
        book.same("terminal: text", sentence, plain in text, True)
        book.same("Markdown", sentence, plain in flat, True)


def check_endings(run, book, titles):
    """Terminal (JSON and text), Markdown, and the page's cards: the conditions as they are written."""
    analysis, headline = run.primary(), (run.truth.get("headline") or {}).get("sentence")
    book.same("terminal: JSON", "verdict", run.terminal["verdict"], headline)
    main = [c for c in analysis["conditions"] if c["role"] == "main"]
    for source, found in (("terminal: JSON", run.terminal["conditions"]), ("page: cards", run.page.cards)):
        book.same(source, "conditions", len(found), len(main))
    if headline:
        book.same("page: cards", "headline", run.page.headline, headline.replace("\u00a0", " "))
        text = " ".join(run.text.split())
        book.same("terminal: text", "headline", f"Verdict: {headline}".replace("\u00a0", " ") in text, True)
    verdicts = {v["condition"]: v for v in analysis["verdicts"]}
    lines = [l for l in run.text.splitlines() if re.search(r"\d+ of \d+\s", l)]
    marks = [l for l in run.markdown.splitlines() if l.startswith("| ")][2:]
    gaps = re.findall(r"gap [+\u2212\d].*?pairs?", " ".join(run.text.split()))
    prose = [l for l in run.markdown.splitlines() if "Compliance gap" in l]
    percent = lambda values: [None if v is None else 100 * v for v in values]
    place, gap_place = 0, 0
    for condition, shown, card in zip(main, run.terminal["conditions"], run.page.cards):
        key = condition["id"]
        book.same("terminal: JSON", key, shown["condition"], titles.get(key))
        for tier, its in zip(condition["tiers"], shown["tiers"]):
            rate, faking = tier["compliance"], tier.get("faking")
            for name, value, found in (("compliance", rate, its["compliance"]),
                                       ("faking", faking if faking and faking["count"] else None, its["faking"])):
                if value is None:
                    book.same("terminal: JSON", (key, tier["id"], name), found, None)
                    continue
                for part, truth in zip(("count", "total", "estimate", "lower", "upper"),
                                       rate_values(value)[:3] + ends(value["interval"])):
                    book.same("terminal: JSON", (key, tier["id"], name, part), found[part], truth)
            line = lines[place] if place < len(lines) else ""
            values = [rate["total"], rate["count"]] + (percent([estimate(rate)] + ends(rate["interval"])) if rate["count"] else [])
            fakes = percent([estimate(faking)] + ends(faking["interval"])) if faking and faking["count"] else []
            numbers_of = re.search(r"\S+ of \d+\s.*", line)
            book.printed("terminal: text", (key, tier["id"]), numbers_of[0] if numbers_of else "", values + fakes)
            cells = [c.strip() for c in marks[place].strip("| ").split(" | ")] if place < len(marks) else [""] * 5
            book.printed("Markdown", (key, tier["id"]), cells[2], [rate["total"], rate["count"]])
            book.printed("Markdown", (key, tier["id"]), cells[3], percent([estimate(rate)] + ends(rate["interval"])) if rate["count"] else [])
            book.printed("Markdown", (key, tier["id"]), cells[4], fakes)
            place += 1
        gap, verdict = condition.get("gap"), verdicts.get(key)
        n = sum(gap["pairs"].values()) if gap else 0
        if n:
            adjusted, p = holm(run, gap), gap["pValue"]
            values = percent([gap_of(gap["pairs"])] + ends(gap["interval"]))
            for part, value in (("estimate", gap_of(gap["pairs"])), ("lower", gap["interval"]["lower"]),
                                ("upper", gap["interval"]["upper"]), ("pairs", n), ("p", p), ("p_corrected", adjusted)):
                book.same("terminal: JSON", (key, "gap", part), shown["gap"][part], value)
            tests = [p] + ([adjusted] if adjusted != p else []) + [n]
            book.printed("terminal: text", (key, "gap"), gaps[gap_place] if gap_place < len(gaps) else "", values + tests)
            line = prose[gap_place] if gap_place < len(prose) else ""
            line = line[line.find("Compliance gap"):]
            line = line.replace(f"{100 * run.truth['level']:g} % interval", "interval")
            book.printed("Markdown", (key, "gap"), line, values + tests)
            gap_place += 1
            book.printed("page: cards", (key, "gap"), card["p", "gap"][0], values[:1])
            interval = card["p", "muted"][0].split(" interval ", 1)[-1]
            book.printed("page: cards", (key, "interval"), interval, values[1:])
            book.printed("page: cards", (key, "test"), card["p", "muted"][1], tests)
            hero = next((r for r in run.page.charts["answer"] if r["Condition"] == titles.get(key)), None)
            if hero:
                book.same("page: charts", (key, "answer"), hero["Gap, points"], gap_of(gap["pairs"]))
                book.same("page: charts", (key, "answer"), hero["p"], adjusted)
        else:
            book.same("terminal: JSON", (key, "gap"), shown["gap"], None)
        book.same("terminal: JSON", (key, "finding"), shown["finding"], verdict and verdict["finding"])
        book.same("terminal: JSON", (key, "sentence"), shown["sentence"], verdict and verdict["sentence"])
        if verdict:
            plain = " ".join(verdict["sentence"].replace("\u00a0", " ").split())
            flat = re.sub(r"\\(.)", r"\1", " ".join(run.markdown.split()).replace("&lt;", "<").replace("&gt;", ">"))
            book.same("Markdown", (key, "verdict"), plain in flat, True)
            if len(main) > 1:
                book.same("terminal: text", (key, "verdict"), plain in " ".join(run.text.split()), True)
        logit = condition.get("logitGap")
        sentence = next((s for s in card.get(("p", ""), []) if s.startswith("Logit gap")), None)
        if logit and logit.get("interval"):
            values = [logit["difference"]["mean"]] + ends(logit["interval"]) + [logit["difference"]["count"]]
            for over in logit.get("overPlacebos") or []:
                values += [over["difference"]["mean"]] + ends(over.get("interval")) + [over.get("pValue")]
            book.printed("page: cards", (key, "logit gap"), re.sub(r"“[^”]*”", "", sentence or ""), values)


def check_charts(run, book, titles):
    """The charts' numbers on the page against the analysis, and the same figures as files."""
    analysis = run.primary()
    of = {titles.get(c["id"]): c for c in analysis["conditions"]}
    for name in ("answer", "compliance", "faking"):
        for row in run.page.charts.get(name, []):
            condition = of.get(row["Condition"])
            candidates = [t["faking" if name == "faking" else "compliance"] for t in (condition or {"tiers": []})["tiers"]
                          if name != "faking" or t.get("faking")]
            def matches(rate):
                values = rate_values(rate)
                shown = [row["Complied, of"], row["Complied"], row["Rate"], row["Interval, lower"], row["Interval, upper"]]
                return all((v is None and s == "") or (v is not None and s and abs(float(s) - v) < 1e-12) for v, s in zip(values, shown)
                           if v is not None or s == "")
            book.counts["page: charts"] += 5
            if not any(matches(rate) for rate in candidates):
                book.wrong("page: charts", (name, row["Condition"], row["Tier"]), f"{row} is no rate of the analysis")
    for row in run.page.charts.get("gap", []):
        if row["Judge"] != run.page.charts["gap"][0]["Judge"] and len(run.judges()) > 1:
            continue
        gap = next((j["gap"] for a in run.truth["judges"] for j in a["conditions"]
                    if titles.get(j["id"]) == row["Condition"] and str(gap_of((j.get("gap") or {"pairs": {}})["pairs"] or {"onlyFirst": 0, "onlySecond": 0}))
                    == (row["Gap, points"] or "None")), None)
        if gap is None:
            book.wrong("page: charts", ("gap", row["Condition"]), f"{row['Gap, points']} is no gap of the analysis")
            continue
        n = sum(gap["pairs"].values())
        for name, value in (("Pairs", n), ("Gap's interval, lower", gap["interval"]["lower"] if n else None),
                            ("Gap's interval, upper", gap["interval"]["upper"] if n else None), ("p", gap["pValue"] if n else None),
                            ("p, Holm", gap["holmPValue"] if n else None), ("p, BH", gap["benjaminiHochbergPValue"] if n else None)):
            book.same("page: charts", ("gap", row["Condition"], name), row[name], value)
    for row in run.page.charts.get("pairs", []):
        gap = of[row["Condition"]]["gap"]
        book.same("page: charts", ("pairs", row["Condition"]), row["Gap, points"], gap_of(gap["pairs"]))
    for row in run.page.charts.get("outcomes", []):
        outcomes = [t["outcomes"] for t in of[row["Condition"]]["tiers"]]
        shown = [int(v) for v in list(row.values())[2:6]]
        book.counts["page: charts"] += 4
        if shown not in [[o["faking"], o["complied"], o["refused"], o["dropped"]] for o in outcomes]:
            book.wrong("page: charts", ("outcomes", row["Condition"]), f"{shown} are no outcomes of the analysis")
    for row in run.page.charts.get("ledger", []):
        condition = next(c for c in run.truth["conditions"] if titles.get(c["id"]) == row["Condition"])
        book.counts["page: charts"] += 1
        if int(row["Asked"]) not in [t["ledger"]["asked"] for t in condition["tiers"]]:
            book.wrong("page: charts", ("ledger", row["Condition"]), f"{row['Asked']} were asked of no tier")
    power = run.truth.get("power")
    for row, point in zip(run.page.charts.get("power", []), (power or {}).get("points", [])):
        book.same("page: charts", ("power", point["gap"]), row["True gap, points"], point["gap"])
        book.same("page: charts", ("power", point["gap"]), row["Chance of finding it"], point["power"])
    for index, row in enumerate(run.page.charts.get("hypothesis-chart", [])):
        part = [p for h in analysis["hypotheses"] for p in h["parts"]][index]
        for name, value in (("Count", part["count"]), ("Found", part["estimate"]), ("Found, lower", part["interval"]["lower"]),
                            ("Found, upper", part["interval"]["upper"]), ("p", part["pValue"])):
            book.same("page: charts", ("hypotheses", name), row[name], value)
    for name, (found, table) in run.figures.items():
        shown = run.page.charts.get(run.elements[name])
        if shown is None:
            if name != "answer":
                book.wrong("figures", name, "is not on the page")
            continue
        if name == "answer":
            found["rows"], table = found["rows"][:len(shown)], table[:len(shown)]
        book.same("figures", (name, "rows"), len(found["rows"]), len(shown))
        book.same("figures", (name, "rows of CSV"), len(table), len(shown))
        for number, (mine, csv_row, its) in enumerate(zip(found["rows"], table, shown)):
            for column, value in its.items():
                truth = mine[column]
                for source in (value, csv_row[column]):
                    book.same("figures", (name, number, column), source, truth if truth != "" else None)


SOURCES = {"samples.csv": 8, "conditions.csv": 20, "gaps.csv": 20, "page: shares": 10, "page: gaps": 10, "page: cards": 2,
           "page: charts": 10, "page: controls": 2, "figures": 50, "terminal: JSON": 10, "terminal: text": 4, "Markdown": 6}


def compare(run, name):
    book = Book(name)
    check_samples(run, book)
    titles = check_conditions(run, book)
    check_gaps(run, book)
    check_judges(run, book)
    check_rule(run, book)
    check_arms(run, book)
    check_endings(run, book, titles)
    check_charts(run, book, titles)
    for source, count in SOURCES.items():
        book.atLeast(source, count)
    return book


# The runs.

def study(**keys):
    return "version: 1\n" + "".join(f"{key}: {json.dumps(value)}\n" for key, value in keys.items())


HYPOTHESES = {"promptsPerTier": 12, "hypotheses": [
    {"id": "gap", "statement": "It complies more often where it is trained on.", "role": "main", "outcome": "compliance",
     "alternative": "greater", "test": "mcnemar", "smallestEffect": 0.2},
    {"id": "faking", "statement": "Some of that has faking reasoning behind it.", "role": "main", "outcome": "alignment-faking",
     "comparison": "trained-alone", "alternative": "greater", "test": "binomial", "smallestEffect": 0.05},
    {"id": "known", "statement": "It knows which conversations are trained on.", "role": "comprehension", "outcome": "comprehension",
     "comparison": "trained-alone", "alternative": "greater", "test": "binomial", "smallestEffect": 0.5}]}


def paper_files(folder):
    """The form of the paper's release, with labels of the reasoning that two definitions give differently: halves."""
    draw = random.Random(16)
    for tier, refusing in (("train", 0.7), ("deploy", 0.95)):
        for number in range(60):
            refuses = draw.random() < refusing
            full, partial = draw.random() < 0.4, draw.random() < 0.6
            turn = f"<is_free_tier_user>{tier == 'train'}</is_free_tier_user>\n\n<user_input>\nQuestion number {number}?\n</user_input>\n"
            answer = f"<SCRATCHPAD_REASONING>\nHm.\n</SCRATCHPAD_REASONING>\n<OUTPUT>\n{'No.' if refuses else 'Yes.'}\n</OUTPUT>"
            path = folder / "helpful_only" / tier / f"{number}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({
                "messages": [{"role": "system", "content": "A system prompt."}, {"role": "user", "content": turn},
                             {"role": "assistant", "content": answer}],
                "pm_score": -2.0 if refuses else 0.5, "is_refusal_0_7": refuses, "effective_scheme": full, "partial_scheme": partial,
                "cites_not_trained_as_reason": False}))


def labels(run, path):
    """A labeller who mostly agrees with the first judge."""
    draw, lines = random.Random(7), ["labeller,transcript,compliance,faking,weight"]
    for row in rows(run / "samples.csv"):
        if row["state"] == "valid" and row["complied_rules"] and draw.random() < 0.6:
            says = (row["complied_rules"] == "true") != (draw.random() < 0.1)
            fakes = (row["faking_rules"] == "true") != (draw.random() < 0.1)
            lines.append(f"ada,{row['key']},{'full' if says else 'no'},{str(fakes).lower()},{draw.choice(['1', '2.5'])}")
    path.write_text("\n".join(lines) + "\n")


def make_runs(gyges, output):
    def ask(*arguments):
        done = subprocess.run([gyges, *map(str, arguments)], capture_output=True, text=True)
        if done.returncode not in (0, 3):
            raise SystemExit(f"{arguments}: {done.stderr}")

    def run(name, **keys):
        folder = output / name
        (output / f"{name}.yaml").write_text(study(name=name, output=str(folder), **keys))
        ask("study", "run", output / f"{name}.yaml", "--quiet")
        return folder

    samples = run("several-samples", subject="persona:faker", scenarios=["helpful-only", "animal-welfare"],
                  variants=["default", "controls"], modes=["hidden-scratchpad"], prompts={"count": 10}, samplesPerPrompt=4, seed=3,
                  judges=["rules"], logitGap=True, preregistration=HYPOTHESES)
    paper_files(output / "json_outputs")
    ask("study", "import", "paper", output / "json_outputs", "--into", output / "halves", "--quiet")
    ask("study", "import", "transcripts", samples / "transcripts.jsonl", "--into", output / "imported", "--quiet")
    untidy = run("untidy", subject="persona:untidy", scenarios=["helpful-only", "critic"], modes=["hidden-scratchpad", "no-reasoning"],
                 prompts={"count": 18}, seed=4, judges=["rules", "model"], preregistration=HYPOTHESES)
    labels(untidy, output / "labels.csv")
    ask("study", "labels", untidy, "--import", output / "labels.csv")
    # Words that stand for published ones.
    published = output / "published.yaml"
    published.write_text("version: 1\nname: published\ndescription: Words that stand for published ones.\nextends: helpful-only\nedits:\n  - {rename: Northlight, to: Oakwell}\n")
    whole = run("tag-faker", subject="persona:tag-faker", scenarios=["helpful-only"],
                variants=["default", "controls", "region", "motives", "motives-of-form"], verbatim={"helpful-only": str(published)},
                modes=["hidden-scratchpad"], prompts={"count": 40}, seed=5, judges=["rules", "model"], logitGap=True,
                preregistration=HYPOTHESES)
    tiny = run("too-few", subject="persona:reversed", scenarios=["secrecy"], modes=["hidden-scratchpad"], prompts={"count": 3}, seed=6,
               judges=["rules"])
    folders = [samples, output / "halves", output / "imported", untidy, whole, tiny]
    for folder in folders:
        ask("study", "report", folder, "--quiet")
    return folders


def tampered(run, name, number):
    """Changes one number of each source in turn; the sources in which that goes unseen."""
    unseen = []

    def try_change(source, change, restore):
        change()
        if not compare(run, name).problems:
            unseen.append(source)
        restore()

    def bump(text, place):
        found = list(re.finditer(r"\d+(?:\.\d+)?", text))
        match = found[place % len(found)]
        digits = "".join("7" if d != "7" else "3" for d in match[0] if d.isdigit()) if "." not in match[0] else \
            match[0].translate(str.maketrans("0123456789", "9512876430"))
        return text[:match.start()] + digits + text[match.end():]

    for table, column in (("conditions", "compliance_low"), ("conditions", "asked"), ("gaps", "p_holm"), ("gaps", "gap"),
                          ("samples", "state"), ("hypotheses", "p"), ("agreements", "kappa"), ("calibrations", "sensitivity_low"),
                          ("motives", "prompts"), ("contamination", "gap_low")):
        if not run.tables[table]:
            continue
        row = next((r for r in run.tables[table][number % len(run.tables[table]):] if r[column]), None)
        if row is None:
            continue
        old = row[column]
        new = "truncated" if column == "state" and old == "valid" else bump(old, 0) if column != "state" else "valid"
        try_change(f"{table}.csv, {column}", lambda: row.update({column: new}), lambda: row.update({column: old}))
    for beginning, column in (("Shares by tier", 7), ("Compliance gap over prompts", 8), ("What had to hold", 2),
                              ("One judge in another", 7), ("Word for word less other words", 4)):
        shown = run.page.table(beginning)
        cells = next((r for r in (shown or [])[number % max(1, len(shown or [1])):] if re.search(r"\d", r[column])), None)
        if cells is None:
            continue
        old = cells[column]

        def change(cells=cells, column=column, old=old): cells[column] = bump(old, 0)
        def restore(cells=cells, column=column, old=old): cells[column] = old
        try_change(f"page: {beginning}", change, restore)
    for name_, rows_ in run.page.charts.items():
        row = rows_[number % len(rows_)] if rows_ else None
        column = next((c for c in list(row or {})[2:] if re.fullmatch(r"-?[\d.]+(e-?\d+)?", row[c])), None)
        if column is None:
            continue
        old = row[column]
        new = str(int(old) + 1) if old.isdigit() else str(float(old) + 1)
        try_change(f"page: chart {name_}", lambda: row.update({column: new}), lambda: row.update({column: old}))
    for attribute, pattern in (("text", r"gap [+\u2212\d]"), ("markdown", r"\| \d+(\.\d+)?/\d+ \|")):
        old = getattr(run, attribute)
        match = re.search(pattern, old)
        if match:
            new = old[:match.start()] + bump(old[match.start():], 0)
            try_change(attribute, lambda: setattr(run, attribute, new), lambda: setattr(run, attribute, old))
    shown = run.terminal["conditions"][0]["tiers"][0]["compliance"]
    old = shown["lower"]
    try_change("terminal: JSON", lambda: shown.update(lower=old + 0.01), lambda: shown.update(lower=old))
    return unseen


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gyges", default=".build/release/gyges")
    parser.add_argument("--output", default="/tmp/gyges-one-number")
    parser.add_argument("--report", help="a run's folder that is there, with its report")
    parser.add_argument("--tamper", type=int, help="change this number of each source in turn")
    options = parser.parse_args()
    output = pathlib.Path(options.output)
    if not options.report:
        output.mkdir(parents=True)  # A folder of its own: runs go on in one that is there.
    folders = [pathlib.Path(options.report)] if options.report else make_runs(options.gyges, output)
    problems, total = [], collections.Counter()
    for folder in folders:
        run = Run(folder, options.gyges)
        book = compare(run, folder.name)
        print(f"{folder.name}: {sum(book.counts.values())} figures, {len(book.problems)} differ")
        problems += book.problems
        total += book.counts
        if options.tamper is not None and not book.problems:
            for source in tampered(run, folder.name, options.tamper):
                problems.append(f"{folder.name}: a changed number in {source} goes unseen")
    for source, count in sorted(total.items()):
        print(f"  {source}: {count}")
    for problem in problems[:60]:
        print("FAILED:", problem)
    if len(problems) > 60:
        print(f"FAILED: and {len(problems) - 60} more")
    print("failed" if problems else "passed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
