#!/usr/bin/env python3
"""Opens a large report in headless Chromium: time, memory, network, hostile text, keyboard, accessibility, screenshots.

    apt-get install chromium fonts-dejavu-core
    python3 -m venv venv && venv/bin/pip install websocket-client axe-playwright-python
    swift build -c release
    venv/bin/python scripts/acceptance/report_page.py --gyges .build/release/gyges --transcripts 10000 --output /tmp/report

A persona answers (no model is needed). Fails if the page takes 3 s or more until its load event and first paint, asks for anything over
the network, runs anything that an answer holds, or has a violation that axe-core finds (WCAG 2.2 A and AA, best practices), light or dark.
Times hold for a machine that does nothing else. `--report FILE` checks a report that is there already.
"""
import argparse, base64, json, pathlib, shutil, socket, subprocess, sys, tempfile, time

import websocket

STUDY = """version: 1
name: scale
subject: persona:{persona}
scenarios: [helpful-only, animal-welfare]
modes: [hidden-scratchpad, no-reasoning]
samplesPerPrompt: {samples}
seed: 7
judges: [rules, model]
concurrency: 16
output: {output}
"""


class Browser:
    """A headless Chromium spoken to by its debugging protocol."""

    def __init__(self):
        self.profile = tempfile.mkdtemp()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        binary = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        self.process = subprocess.Popen(
            [binary, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
             f"--user-data-dir={self.profile}", f"--remote-debugging-port={port}", "--remote-allow-origins=*", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        import urllib.request
        for _ in range(200):
            try:
                pages = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/json"))
                target = next(page for page in pages if page["type"] == "page")
                break
            except (OSError, StopIteration):
                time.sleep(0.1)
        self.socket = websocket.create_connection(target["webSocketDebuggerUrl"], max_size=None, timeout=120)
        self.count, self.events = 0, []

    def call(self, method, **parameters):
        self.count += 1
        self.socket.send(json.dumps({"id": self.count, "method": method, "params": parameters}))
        while True:
            message = json.loads(self.socket.recv())
            if message.get("id") == self.count:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]
            self.events.append(message)

    def value(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"].get("exception", {}).get("description", str(result)))
        return result["result"].get("value")

    def wait(self, condition, seconds=60):
        end = time.time() + seconds
        while not self.value(condition):
            if time.time() > end:
                raise TimeoutError(condition)
            time.sleep(0.05)

    def press(self, key):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, text=key if kind == "keyDown" and len(key) == 1 else "")

    def view(self, width, height, scheme, mobile=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)
        self.call("Emulation.setEmulatedMedia", media="", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def shoot(self, path, whole=True):
        picture = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        pathlib.Path(path).write_bytes(base64.b64decode(picture["data"]))

    def close(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)


def memory(process):
    """Peak of resident memory over the browser's processes, in MiB."""
    total = 0
    pids = subprocess.run(["ps", "-o", "pid=,ppid=", "-A"], capture_output=True, text=True).stdout.split("\n")
    children = {}
    for line in pids:
        if line.strip():
            pid, parent = map(int, line.split())
            children.setdefault(parent, []).append(pid)
    stack, largest = [process.pid], 0
    while stack:
        pid = stack.pop()
        stack += children.get(pid, [])
        try:
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
            command = pathlib.Path(f"/proc/{pid}/cmdline").read_text()
        except OSError:
            continue
        peak = next((int(line.split()[1]) for line in status.split("\n") if line.startswith("VmHWM")), 0) / 1024
        if "--type=renderer" in command:
            largest = max(largest, peak)
    return largest


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gyges", default=".build/release/gyges")
    parser.add_argument("--transcripts", type=int, default=10_000)
    parser.add_argument("--persona", default="untidy")
    parser.add_argument("--report")
    parser.add_argument("--output", default="/tmp/gyges-report-page")
    parser.add_argument("--limit", type=float, default=3.0, help="seconds until load event and first paint")
    options = parser.parse_args()
    output = pathlib.Path(options.output)
    output.mkdir(parents=True, exist_ok=True)
    report = options.report
    if not report:
        per_sample = 2 * 2 * (48 + 50)  # modes, tiers, prompts of both scenarios
        study = output / "study.yaml"
        samples = max(1, round(options.transcripts / per_sample))
        study.write_text(STUDY.format(persona=options.persona, samples=samples, output=output / "run"))
        subprocess.run([options.gyges, "study", "run", study, "--quiet"], check=True)
        started = time.time()
        subprocess.run([options.gyges, "study", "report", output / "run", "--inspect"], check=True, stdout=subprocess.DEVNULL)
        print(f"report and exports written in {time.time() - started:.1f} s")
        report = str(output / "run" / "report.html")
    report = pathlib.Path(report).resolve()
    print(f"{report}: {report.stat().st_size / 1e6:.1f} MB")
    problems = []

    browser = Browser()
    try:
        for domain in ("Page", "Runtime", "Network", "Log"):
            browser.call(f"{domain}.enable")
        browser.view(1440, 900, "light")
        browser.call("Page.navigate", url=f"file://{report}")
        browser.wait("document.readyState == 'complete' && !!document.querySelector('#transcript header')")
        times = json.loads(browser.value("""JSON.stringify({
            load: performance.getEntriesByType('navigation')[0].loadEventEnd,
            paint: (performance.getEntriesByName('first-contentful-paint')[0] || {}).startTime, shown: performance.now(),
            heap: performance.memory.usedJSHeapSize, nodes: document.querySelectorAll('*').length})"""))
        print(f"load event {times['load'] / 1000:.2f} s, first paint {(times['paint'] or 0) / 1000:.2f} s, first transcript shown by "
              f"{times['shown'] / 1000:.2f} s; heap {times['heap'] / 1e6:.0f} MB, renderer at most {memory(browser.process):.0f} MiB, "
              f"{times['nodes']} elements")
        if max(times["load"], times["paint"] or 0) >= options.limit * 1000:
            problems.append("the page opens too slowly")

        requests = [event["params"]["request"]["url"] for event in browser.events if event["method"] == "Network.requestWillBeSent"]
        foreign = [url for url in requests if not url.startswith((f"file://{report}", "data:", "blob:"))]
        print(f"requests: {len(requests)}, of which beyond the file: {foreign}")
        if foreign:
            problems.append("the page asks for more than itself")
        blocked = browser.value("fetch('http://127.0.0.1:9/').then(() => 'fetched', () => 'refused')")
        inline = browser.value("""(() => { const s = document.createElement('script'); s.textContent = 'window.ran = 1';
            document.body.append(s); s.remove(); return window.ran === undefined; })()""")
        print(f"fetch from the page: {blocked}; a script that is put in: {'refused' if inline else 'RUN'}")
        if blocked != "refused" or not inline:
            problems.append("the content policy lets something through")

        # Keyboard.
        first = browser.value("location.hash")
        browser.press("j")
        browser.press("j")
        time.sleep(0.3)
        second = browser.value("location.hash")
        browser.press("/")
        focus = browser.value("document.activeElement.id")
        browser.call("Input.insertText", text="committee")
        started = time.time()
        time.sleep(0.3)  # The page waits 0.2 s for more letters.
        browser.wait("/^[0-9,]+ of /.test(document.getElementById('count').textContent)")
        print(f"j j: {first or 'start'} -> {second}; / focuses {focus}; search: {browser.value('document.getElementById(`count`).textContent')} "
              f"in {time.time() - started:.1f} s")
        if first == second or focus != "search":
            problems.append("the keys do not work")
        browser.value("document.activeElement.blur()")
        browser.press("?")
        if not browser.value("document.getElementById('keys').open"):
            problems.append("? does not open the list of keys")
        browser.value("document.getElementById('keys').close(), document.getElementById('filter-reset').click()")
        time.sleep(0.3)

        axe = next(pathlib.Path(sys.prefix).rglob("axe.min.js"), None)
        if not axe:
            problems.append("axe-core was not found (pip install axe-playwright-python)")
        else:
            browser.call("Runtime.evaluate", expression=axe.read_text())
        for scheme in ("light", "dark"):
            browser.view(1440, 900, scheme)
            time.sleep(0.2)
            if axe:
                found = json.loads(browser.value("axe.run(document, {resultTypes: ['violations']}).then((r) => JSON.stringify("
                                                 "[r.passes.length, r.violations.map((v) => [v.id, v.impact, v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160) + ' ' + (n.failureSummary || '').slice(0, 240))])]))"))
                print(f"axe, {scheme}: {found[0]} rules passed, {len(found[1])} violated")
                for violation in found[1]:
                    print("   ", violation)
                    problems.append(f"accessibility, {scheme}: {violation[0]}")
            browser.shoot(output / f"desktop-{scheme}.png")
            browser.view(390, 844, scheme, mobile=True)
            time.sleep(0.2)
            wide = browser.value("document.documentElement.scrollWidth")
            if wide > 391:
                problems.append(f"on a phone the page is {wide} pixels wide")
            browser.shoot(output / f"phone-{scheme}.png")
    finally:
        browser.close()
    for problem in problems:
        print("FAILED:", problem)
    print("failed" if problems else "passed", "- screenshots in", output)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
