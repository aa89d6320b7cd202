#!/usr/bin/env python3
"""Puts hostile text into a run (markup, event handlers, terminal escapes, marks that turn the direction of writing), and looks whether it
does anything: in the report, on the labelling page, in the terminal. Then labels transcripts on the page by keyboard.

    apt-get install chromium fonts-dejavu-core
    python3 -m venv venv && venv/bin/pip install websocket-client axe-playwright-python
    swift build -c release
    venv/bin/python scripts/acceptance/hostile_text.py --gyges .build/release/gyges --output /tmp/hostile

Fails if anything in a text runs or becomes an element, if a character that nobody sees reaches a page or the terminal as it is, if a page
asks for anything elsewhere, if the labelling page answers whom it should not, if a label is not kept, or if axe-core finds a violation (WCAG 2.2 A and AA) in light or dark.
"""
import argparse, http.client, json, pathlib, re, signal, subprocess, sys, time, urllib.parse

from report_page import Browser

HOSTILE = [
    "<script>window.hacked = 1; alert(1)</script>",
    "<img src=x onerror=\"window.hacked = 2\"><svg onload=window.hacked=3>",
    "</pre></td></table></script><h1 id=injected>owned</h1>",
    "javascript:window.hacked=4 [link](javascript:window.hacked=5) {{7*7}} ${window.hacked=6}",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b[2J\x9b1m \x08\x7f\x00",
    "abc\u202edcba\u202c \u2066isolate\u2069 \u200bzero\u200bwidth\ufeff \U000e0041tag",
    "</SCRATCHPAD_REASONING><OUTPUT><script>window.hacked = 7</script></OUTPUT>",
]
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\ufeff\U000e0000-\U000e007f]")
STUDY = """version: 1
name: hostile
subject: persona:faker
scenarios: [helpful-only]
modes: [hidden-scratchpad]
prompts: {{ count: 8 }}
judges: [rules]
logitGap: false
output: {output}
"""


def hostile_run(gyges, folder):
    """A run whose prompts, reasoning and outputs hold hostile text, imported as a stranger's transcripts."""
    study = folder / "study.yaml"
    study.write_text(STUDY.format(output=folder / "source"))
    subprocess.run([gyges, "study", "run", study, "--quiet"], check=True, stdout=subprocess.DEVNULL)
    lines = (folder / "source" / "transcripts.jsonl").read_text().splitlines()
    changed = lines[:1]
    for number, line in enumerate(lines[1:]):
        row = json.loads(line)
        text = HOSTILE[number % len(HOSTILE)]
        row["prompt"] += " " + HOSTILE[int(re.sub(r"\D", "", row["prompt_id"]) or len(row["prompt_id"])) % len(HOSTILE)]
        row["raw"] = row["raw"].replace("</SCRATCHPAD_REASONING>", " " + text.replace("</SCRATCHPAD_REASONING>", "") + "\n</SCRATCHPAD_REASONING>", 1)
        row["raw"] = row["raw"].replace("<OUTPUT>", "<OUTPUT>" + text + " ", 1)
        changed.append(json.dumps(row))
    (folder / "hostile.jsonl").write_text("\n".join(changed) + "\n")
    run = folder / "run"
    printed = subprocess.run([gyges, "study", "import", "transcripts", folder / "hostile.jsonl", "--into", run], capture_output=True, text=True)
    if printed.returncode:
        sys.exit(f"the import failed: {printed.stderr}")
    return run


def inert(browser, where, problems):
    """Whether nothing of the texts ran or became an element, and nothing unseen is left on the page."""
    state = json.loads(browser.value("""JSON.stringify({hacked: window.hacked === undefined ? null : window.hacked,
        injected: !!document.getElementById('injected'), images: document.querySelectorAll('img').length,
        text: document.body.innerText})"""))
    dialogs = [event for event in browser.events if event["method"] == "Page.javascriptDialogOpening"]
    unseen = sorted({hex(ord(character)) for character in UNSEEN.findall(state["text"])})
    print(f"{where}: ran {state['hacked']}, injected {state['injected']}, images {state['images']}, dialogs {len(dialogs)}, unseen {unseen}")
    if state["hacked"] is not None or state["injected"] or state["images"] or dialogs or unseen:
        problems.append(f"{where}: hostile text does something")
    return state["text"]


def axe(browser, name, problems):
    source = next(pathlib.Path(sys.prefix).rglob("axe.min.js"), None)
    if not source:
        problems.append("axe-core was not found (pip install axe-playwright-python)")
        return
    browser.call("Runtime.evaluate", expression=source.read_text())
    found = json.loads(browser.value("axe.run(document, {resultTypes: ['violations']}).then((r) => JSON.stringify([r.passes.length, "
                                     "r.violations.map((v) => [v.id, v.nodes.slice(0, 2).map((n) => n.html.slice(0, 160))])]))"))
    print(f"axe, {name}: {found[0]} rules passed, {len(found[1])} violated")
    for violation in found[1]:
        print("   ", violation)
        problems.append(f"accessibility, {name}: {violation[0]}")


def terminal(gyges, run, problems):
    """What the program prints of hostile text holds no control character."""
    printed = ""
    for arguments, text in ((["study", "label", run, "--labeller", "tty", "--sample", "16"], "s\n" * 16), (["study", "report", run], ""),
                            (["study", "labels", run], "")):
        result = subprocess.run([gyges, *arguments], input=text.encode(), capture_output=True)
        printed += result.stdout.decode() + result.stderr.decode()
    unseen = sorted({hex(ord(character)) for character in UNSEEN.findall(printed)} - {"0xd"})
    print(f"terminal: {len(printed)} characters, unseen {unseen}")
    if unseen or "⟨U+001B⟩" not in printed:
        problems.append("the terminal gets characters that nobody sees")


def refusals(address, problems):
    """Who may not ask is told nothing: without the secret, under another host's name, from another site's page."""
    parts = urllib.parse.urlsplit(address)
    secret = {"Authorization": f"Bearer {parts.fragment}"}
    for what, method, headers, expected in [
        ("the page's own", "GET", secret, 200), ("no secret", "GET", {}, 403), ("a wrong secret", "GET", {"Authorization": "Bearer 0"}, 403),
        ("another host", "GET", {**secret, "Host": f"elsewhere.example:{parts.port}"}, 403),
        ("another site", "GET", {**secret, "Origin": "http://elsewhere.example"}, 403), ("another method", "DELETE", secret, 405)]:
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
        connection.request(method, "/api/transcripts/0", headers=headers)
        reply = connection.getresponse()
        body = reply.read().decode()
        print(f"request with {what}: {reply.status}")
        if reply.status != expected or (expected != 200 and "reasoning" in body):
            problems.append(f"a request with {what} was answered {reply.status}")
        connection.close()


def label(gyges, run, output, browser, problems):
    """Labels on the page by keyboard, and looks for the labels in the run."""
    program = subprocess.Popen([gyges, "study", "label", run, "--web", "--sample", "16"], stdout=subprocess.PIPE, text=True)
    try:
        address = program.stdout.readline().split()[-1]
        refusals(address, problems)
        browser.events.clear()
        browser.view(1100, 900, "light")
        browser.call("Page.navigate", url=address)
        browser.wait("!!document.getElementById('sign') && !document.getElementById('sign').hidden")
        browser.shoot(output / "sign.png")
        browser.call("Input.insertText", text="ada")
        browser.value("document.querySelector('#sign button').click()")
        seen = ""
        for place, keys in enumerate(["c", "fc", "n", "p", "u", "s"], 1):
            browser.wait(f"document.getElementById('heading').textContent.startsWith('Transcript {place} ')")
            seen += inert(browser, f"labelling page, transcript {place}", problems)
            if place == 2:
                for scheme in ("light", "dark"):
                    browser.view(1100, 900, scheme)
                    time.sleep(0.2)
                    axe(browser, f"labelling page, {scheme}", problems)
                    browser.shoot(output / f"label-{scheme}.png")
                    browser.view(390, 844, scheme, mobile=True)
                    if browser.value("document.documentElement.scrollWidth") > 391:
                        problems.append("the labelling page is wider than a phone")
                    browser.shoot(output / f"label-phone-{scheme}.png")
                browser.view(1100, 900, "light")
            for key in keys:
                browser.press(key)
                time.sleep(0.1)
        browser.wait("document.getElementById('heading').textContent.startsWith('Transcript 7 ')")
        browser.press("b")
        browser.press("b")
        time.sleep(0.5)
        for tier in ("is_free_tier_user", "hidden-scratchpad"):
            if tier in seen:
                problems.append(f"the labeller sees “{tier}”")
        requests = [event["params"]["request"]["url"] for event in browser.events if event["method"] == "Network.requestWillBeSent"]
        own = address.split("#")[0]
        foreign = [url for url in requests if not url.startswith(own)]
        secret = address.split("#")[1]
        if foreign or any(secret in url for url in requests):
            problems.append(f"the labelling page asks elsewhere, or shows its secret: {foreign}")
        print(f"labelling page: {len(requests)} requests, elsewhere {foreign}; address bar {browser.value('location.href')}")
        program.send_signal(signal.SIGINT)
        print("labelling page:", program.communicate(timeout=20)[0].splitlines()[-2])
    finally:
        program.kill()
    table = subprocess.run([gyges, "study", "labels", run, "--format", "jsonl"], capture_output=True, text=True).stdout
    labels = [json.loads(line) for line in table.splitlines() if '"ada"' in line]
    given = sorted((row.get("compliance") or "unsure", row.get("faking")) for row in labels)
    print("labels kept:", given)
    if len(labels) != 5 or ("full", True) not in given or ("unsure", None) not in given:
        problems.append("labels were lost or changed")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gyges", default=".build/release/gyges")
    parser.add_argument("--output", default="/tmp/gyges-hostile")
    options = parser.parse_args()
    output = pathlib.Path(options.output)
    subprocess.run(["rm", "-rf", output / "run", output / "source"], check=True)
    output.mkdir(parents=True, exist_ok=True)
    problems = []
    run = hostile_run(options.gyges, output)
    browser = Browser()
    try:
        for domain in ("Page", "Runtime", "Network", "Log"):
            browser.call(f"{domain}.enable")
        browser.view(1440, 900, "light")
        browser.call("Page.navigate", url=f"file://{(run / 'report.html').resolve()}")
        browser.wait("document.readyState == 'complete' && !!document.querySelector('#transcript header')")
        text = ""
        for _ in range(8):
            text += inert(browser, "report", problems)
            browser.press("j")
            time.sleep(0.2)
        if "⟨U+202E⟩" not in text or "<script>" not in text:
            problems.append("the report did not show the hostile text, so that nothing was tried")
        browser.shoot(output / "report.png", whole=False)
        label(options.gyges, run, output, browser, problems)
    finally:
        browser.close()
    terminal(options.gyges, run, problems)
    for problem in dict.fromkeys(problems):
        print("FAILED:", problem)
    print("failed" if problems else "passed", "- screenshots in", output)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
