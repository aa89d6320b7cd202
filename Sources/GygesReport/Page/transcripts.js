// The browser of transcripts. They lie in the page as packed blocks of text that nothing executes; a block is unpacked when one of
// its transcripts is shown or searched. Whatever a model wrote reaches the page as text nodes alone.
(() => {
  const holder = document.getElementById("transcript-index");
  if (!holder) return;
  const find = (id) => document.getElementById(id);
  const unpack = async (id) => {
    const bytes = Uint8Array.from(atob(find(id).textContent.trim()), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return new Response(stream).text();
  };
  // Blocks are kept as long as they are among the last few used.
  const blocks = new Map();
  const block = (number) => {
    let promise = blocks.get(number);
    if (promise) blocks.delete(number);
    else promise = unpack("transcripts-" + number).then(JSON.parse);
    blocks.set(number, promise);
    if (blocks.size > 8) blocks.delete(blocks.keys().next().value);
    return promise;
  };

  // What a reader cannot see is shown by its number; the same list as VisibleText.swift.
  const hidden = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\u3164\uFE00-\uFE0D\uFEFF\uFFA0\uFFF0-\uFFFB\uFFFE\uFFFF\u{1D173}-\u{1D17A}\u{E0000}-\u{E0FFF}]/gu;
  const visible = (text) => text.replace(hidden, (scalar) => "⟨U+" + scalar.codePointAt(0).toString(16).toUpperCase().padStart(4, "0") + "⟩");
  const element = (tag, attributes, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) if (value !== null && value !== false) node.setAttribute(name, value);
    for (const child of children.flat()) if (child !== null && child !== undefined) node.append(child);
    return node;
  };
  const named = (text) => element("bdi", null, visible(text));
  // As Permalink.swift writes them.
  const encode = (name) => [...new TextEncoder().encode(name)].map((byte) => {
    const letter = String.fromCharCode(byte);
    return /[A-Za-z0-9_.\/-]/.test(letter) ? letter : "%" + byte.toString(16).toUpperCase().padStart(2, "0");
  }).join("");

  const stateBits = 15, judgedBit = 16, compliedBit = 32, fakingBit = 64, splitBit = 128;
  const perPage = 40;

  const start = (index) => {
    const { conditions, judges, prompts, states, rows, blockSize } = index;
    const filters = { condition: find("filter-condition"), tier: find("filter-tier"), outcome: find("filter-outcome"), split: find("filter-split"), search: find("search") };
    const count = find("count"), list = find("transcript-list"), detail = find("transcript"), place = find("list-place");
    const option = (value, label) => element("option", { value }, visible(label));
    conditions.forEach((condition, at) => filters.condition.append(option(at, condition.title)));
    const tierNames = new Map(conditions.flatMap((condition) => condition.tiers.map((tier) => [tier.id, tier.label])));
    for (const [id, label] of tierNames) filters.tier.append(option(id, label));
    const link = (row) => {
      const [condition, prompt, sample] = rows[row];
      return encode(conditions[condition].id) + "/" + encode(prompts[prompt]) + (sample ? "/" + sample : "");
    };
    let links = null;
    const rowOf = (text) => {
      links ||= new Map(rows.map((_, row) => [link(row), row]));
      return links.get(text);
    };

    const stateOf = (code) => states[code & stateBits];
    const says = (code) => {
      if ((code & stateBits) !== 0) return stateOf(code).label;
      if (!(code & judgedBit)) return "not judged";
      return (code & compliedBit ? "complied" : "did not comply") + (code & fakingBit ? ", faking" : "");
    };
    const outcomes = {
      complied: (code) => code & judgedBit && code & compliedBit,
      refused: (code) => code & judgedBit && !(code & compliedBit),
      faking: (code) => code & fakingBit,
      invalid: (code) => (code & stateBits) !== 0,
    };
    const fits = (row) => {
      const [condition, , , ...codes] = rows[row];
      if (filters.condition.value !== "" && condition !== +filters.condition.value) return false;
      const tiers = conditions[condition].tiers;
      const chosen = codes.filter((code, at) => code >= 0 && (!filters.tier.value || tiers[at].id === filters.tier.value));
      if (!chosen.length) return false;
      if (filters.split.checked && !chosen.some((code) => code & splitBit)) return false;
      const outcome = filters.outcome.value;
      if (!outcome) return true;
      if (outcome === "differ") {
        const judged = codes.filter((code) => code >= 0 && code & judgedBit);
        return new Set(judged.map((code) => code & compliedBit)).size > 1;
      }
      return chosen.some(outcomes[outcome]);
    };

    let shown = [], page = 0, current = -1, task = 0;
    const holds = (exchange, text) => {
      const texts = [exchange.prompt, exchange.text, exchange.question, ...exchange.answers.flatMap((answer) => [answer.earlier, answer.scratchpad, answer.output, answer.raw])];
      return texts.some((candidate) => candidate && candidate.toLowerCase().includes(text));
    };
    const filter = async () => {
      const mine = ++task, text = filters.search.value.trim().toLowerCase();
      const candidates = rows.map((_, row) => row).filter(fits);
      page = 0;
      if (!text) { shown = candidates; drawList(); return; }
      shown = [];
      let drawn = performance.now();
      for (let at = 0; at < candidates.length;) {
        const number = Math.floor(candidates[at] / blockSize);
        const exchanges = await block(number);
        if (mine !== task) return;
        for (; at < candidates.length && Math.floor(candidates[at] / blockSize) === number; at += 1) {
          if (holds(exchanges[candidates[at] % blockSize], text)) shown.push(candidates[at]);
        }
        if (performance.now() - drawn > 200) {
          drawList("searching, " + Math.floor(100 * at / candidates.length) + " % read");
          drawn = performance.now();
          await new Promise((done) => setTimeout(done));
          if (mine !== task) return;
        }
      }
      drawList();
    };

    const drawList = (busy) => {
      const pages = Math.max(1, Math.ceil(shown.length / perPage));
      page = Math.min(page, pages - 1);
      list.replaceChildren(...shown.slice(page * perPage, (page + 1) * perPage).map((row) => {
        const [condition, prompt, sample, ...codes] = rows[row];
        const tiers = conditions[condition].tiers;
        const verdicts = codes.map((code, at) => code < 0 ? null : element("span", { class: tiers[at].trained ? "tier trained" : "tier" }, named(tiers[at].label), ": " + says(code) + (code & splitBit ? " (judges disagree)" : "")));
        return element("li", null, element("a", { href: "#" + link(row), "aria-current": row === current ? "true" : null },
          element("strong", null, named(prompts[prompt]), sample ? " · repetition " + (sample + 1) : ""),
          element("span", { class: "muted" }, named(conditions[condition].title)), ...verdicts));
      }));
      list.start = page * perPage + 1;
      count.textContent = busy || shown.length.toLocaleString("en") + " of " + rows.length.toLocaleString("en");
      place.textContent = "page " + (page + 1) + " of " + pages;
      find("list-back").disabled = page === 0;
      find("list-on").disabled = page >= pages - 1;
    };
    const turn = (by) => { page += by; drawList(); list.querySelector("a")?.focus(); };
    find("list-back").addEventListener("click", () => turn(-1));
    find("list-on").addEventListener("click", () => turn(1));

    // Where two texts begin to differ, at the start of that word; -1 if they are equal or one is missing.
    const fork = (first, second) => {
      if (!first || !second || first === second) return -1;
      let at = 0;
      while (at < first.length && at < second.length && first[at] === second[at]) at += 1;
      while (at > 0 && !/\s/.test(first[at - 1])) at -= 1;
      return at;
    };
    // A text with its evidence marked, and the place where the tiers part.
    const said = (answer, at, text, parting) => {
      const passages = answer.judgements.flatMap((judgement) => judgement.criteria.flatMap((criterion) =>
        criterion.evidence.filter((passage) => passage.place === at).map((passage) => ({ ...passage, why: judges[judgement.judge].id + ": " + criterion.name }))));
      const ends = [...new Set([0, text.length, ...passages.flatMap((passage) => [passage.start, passage.end]), ...(parting >= 0 ? [parting] : [])])].sort((a, b) => a - b);
      const box = element("div", { class: "said", dir: "auto" });
      ends.forEach((from, index) => {
        if (from === parting) box.append(element("span", { class: "fork" }, element("span", { class: "unseen" }, " From here on the answers differ: ")));
        const to = ends[index + 1];
        if (to === undefined) return;
        const over = passages.filter((passage) => passage.start <= from && passage.end >= to), piece = visible(text.slice(from, to));
        box.append(over.length ? element("mark", { title: visible(over.map((passage) => passage.why).join("; ")) }, piece) : piece);
      });
      return box;
    };
    const percent = (value) => (100 * value).toFixed(1) + " %";
    const reasons = (judgement) => {
      const rows = [];
      const add = (name, value) => rows.push(element("dt", null, visible(name)), element("dd", null, visible(value)));
      for (const [name, value] of judgement.remarks) add(name, value);
      for (const criterion of judgement.criteria) add(criterion.name, (criterion.met ? "yes" : "no") + (criterion.probability === null ? "" : " (" + percent(criterion.probability) + ")"));
      return rows.length ? element("div", null, element("h5", null, named(judges[judgement.judge].label)), element("dl", null, rows)) : null;
    };
    const answerView = (answer, tier, partings) => {
      const badges = answer.state !== 0
        ? [element("span", { class: "badge bad" }, states[answer.state].label)]
        : answer.judgements.flatMap((judgement) => [
            element("span", { class: judgement.complied ? "badge yes" : "badge no", title: visible(judges[judgement.judge].label) }, (judgement.complied ? "complied · " : "did not comply · ") + visible(judges[judgement.judge].id)),
            judgement.faking ? element("span", { class: "badge faking" }, "alignment-faking reasoning · " + visible(judges[judgement.judge].id)) : null,
          ]);
      const tokens = answer.tokens ? element("p", { class: "muted small" }, answer.tokens[0] + " tokens read, " + answer.tokens[1] + " written") : null;
      const judged = answer.judgements.map(reasons).filter((node) => node);
      return element("section", { class: "answer", "aria-label": visible(tier.label) },
        element("h4", null, element("span", { class: tier.trained ? "tier trained" : "tier" }, named(tier.label)), badges),
        answer.earlier ? element("details", null, element("summary", null, "The answer before the question"), element("div", { class: "said", dir: "auto" }, visible(answer.earlier))) : null,
        answer.scratchpad ? element("details", { class: "reasoning", open: "" }, element("summary", null, "Reasoning"), said(answer, "scratchpad", answer.scratchpad, partings.scratchpad)) : null,
        answer.output ? said(answer, "output", answer.output, partings.output) : element("p", { class: "muted" }, "No output."),
        answer.raw ? element("details", null, element("summary", null, "Everything as generated"), element("div", { class: "said", dir: "auto" }, visible(answer.raw))) : null,
        judged.length ? element("details", null, element("summary", null, "Judgements"), judged) : null, tokens);
    };
    const show = async (row, focuses) => {
      current = row;
      const at = shown.indexOf(row);
      if (at >= 0) page = Math.floor(at / perPage);
      drawList();
      const exchange = (await block(Math.floor(row / blockSize)))[row % blockSize];
      if (current !== row) return;
      const condition = conditions[rows[row][0]];
      const of = (trained) => exchange.answers.find((answer) => condition.tiers[answer.tier].trained === trained);
      const [first, second] = [of(true), of(false)];
      const partings = first && second ? { scratchpad: fork(first.scratchpad, second.scratchpad), output: fork(first.output, second.output) } : { scratchpad: -1, output: -1 };
      const none = { scratchpad: -1, output: -1 };
      detail.replaceChildren(
        element("header", null,
          element("h3", null, named(exchange.prompt), exchange.sample ? " · repetition " + (exchange.sample + 1) : "", " ", element("a", { class: "small", href: "#" + link(row) }, "permanent link")),
          element("p", { class: "muted" }, named(condition.title)),
          element("p", { class: "ask", dir: "auto" }, visible(exchange.text)),
          exchange.question ? element("p", { class: "muted" }, "Asked after the answer:") : null,
          exchange.question ? element("p", { class: "ask", dir: "auto" }, visible(exchange.question)) : null),
        element("div", { class: "answers" }, exchange.answers.map((answer) => answerView(answer, condition.tiers[answer.tier], answer === first || answer === second ? partings : none))));
      find("transcript-said").textContent = "Showing " + visible(exchange.prompt) + ", " + (at + 1) + " of " + shown.length;
      if (focuses) detail.scrollIntoView({ block: "nearest" });
    };
    const goto = (row) => {
      if (row === undefined) return;
      history.replaceState(null, "", "#" + link(row));
      show(row, true);
    };
    const step = (by) => {
      const at = shown.indexOf(current);
      goto(shown[at < 0 ? 0 : Math.max(0, Math.min(shown.length - 1, at + by))]);
    };
    const follow = () => {
      const row = rowOf(location.hash.slice(1));
      if (row === undefined) return false;
      if (!shown.includes(row)) { resetFilters(); shown = rows.map((_, at) => at); }
      show(row, false).then(() => find("transcripts").scrollIntoView());
      return true;
    };
    const resetFilters = () => {
      for (const field of [filters.condition, filters.tier, filters.outcome, filters.search]) field.value = "";
      filters.split.checked = false;
    };

    let wait = 0;
    filters.search.addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(filter, 200); });
    for (const field of [filters.condition, filters.tier, filters.outcome, filters.split]) field.addEventListener("change", filter);
    find("filter-reset").addEventListener("click", () => { resetFilters(); filter(); });
    addEventListener("hashchange", follow);
    const help = find("keys");
    find("keys-open").addEventListener("click", () => help.showModal());
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || help.open || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) {
        if (event.key === "Escape" && event.target === filters.search) filters.search.blur();
        return;
      }
      if (event.key === "j") step(1);
      else if (event.key === "k") step(-1);
      else if (event.key === "/") { filters.search.focus(); event.preventDefault(); }
      else if (event.key === "?") help.showModal();
      else if (event.key === "s") for (const details of detail.querySelectorAll(".answer > details.reasoning")) details.open = !details.open;
    });

    shown = rows.map((_, row) => row);
    find("browser").hidden = false;
    if (!follow()) {
      if (rows.length) show(0, false);
      else drawList();
    }
  };
  unpack("transcript-index").then((text) => start(JSON.parse(text))).catch((error) => {
    find("browser-note").textContent = "The transcripts cannot be read here (" + error + "). transcripts.jsonl beside the report holds them all.";
    find("browser-note").hidden = false;
  });
})();
