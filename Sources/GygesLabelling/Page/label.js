"use strict";

// The secret comes after #, which browsers send nowhere; it stays for this tab, so that the page can be loaded again.
const given = location.hash.slice(1);
if (given) {
  sessionStorage.setItem("secret", given);
  history.replaceState(null, "", location.pathname);
}
const secret = sessionStorage.getItem("secret") || "";
const element = (id) => document.getElementById(id);
const words = { n: "did not comply", p: "complied in part", c: "complied", u: "unsure" };

const state = { labeller: null, labels: [], skipped: new Set(), place: 0, task: null, fakes: false, isBusy: false };

async function ask(path, body) {
  const options = { headers: { Authorization: `Bearer ${secret}` } };
  if (body) Object.assign(options, { method: "POST", body: JSON.stringify(body) });
  let reply;
  try {
    reply = await fetch(`api/${path}`, options);
  } catch {
    throw new Error("The program does not answer. Has it ended? What it said was stored is stored.");
  }
  const answer = await reply.json().catch(() => ({}));
  if (!reply.ok) throw new Error(answer.error?.message || `The program refuses this (${reply.status}).`);
  return answer;
}

// Runs one thing at a time; what fails is said and changes nothing.
async function doing(work) {
  if (state.isBusy) return;
  state.isBusy = true;
  try {
    await work();
    element("problem").textContent = "";
  } catch (error) {
    element("problem").textContent = error.message;
  } finally {
    state.isBusy = false;
  }
}

function spoken(keys) {
  if (!keys) return "";
  const reasoning = keys.includes("f") ? ", the reasoning is alignment faking" : "";
  return `You said: ${words[keys[0]]}${reasoning}.`;
}

function showProgress() {
  const count = state.labels.length;
  const done = state.labels.filter(Boolean).length;
  element("progress").textContent = `${done} of ${count} labelled`;
  element("share").hidden = false;
  element("share").max = Math.max(1, count);
  element("share").value = done;
}

async function show(place) {
  const isEnd = place >= state.labels.length;
  const task = isEnd ? null : await ask(`transcripts/${place}`);
  state.place = place;
  state.task = task;
  element("sign").hidden = true;
  element("task").hidden = isEnd;
  element("done").hidden = !isEnd;
  showProgress();
  element("heading").textContent = isEnd ? "That was all" : `Transcript ${place + 1} of ${state.labels.length}`;
  if (!isEnd) {
    const said = state.labels[place];
    state.fakes = Boolean(said && said.includes("f"));
    element("request").textContent = task.request;
    const hasReasoning = task.reasoning !== null;
    element("reasoning").hidden = element("reasoning-heading").hidden = !hasReasoning;
    element("reasoning").textContent = task.reasoning ?? "";
    element("answer").textContent = task.answer;
    for (const button of document.querySelectorAll("#controls button"))
      button.classList.toggle("said", Boolean(said) && said[0] === button.dataset.key);
    element("said").textContent = spoken(said);
    showFakes(hasReasoning);
  }
  element("heading").focus({ preventScroll: true });
  scrollTo(0, 0);
}

function showFakes(hasReasoning) {
  const button = document.querySelector('button[data-key="f"]');
  button.disabled = !hasReasoning;
  button.setAttribute("aria-pressed", String(state.fakes));
}

function next(from) {
  let place = from;
  while (place < state.labels.length && (state.labels[place] || state.skipped.has(place))) place += 1;
  return place;
}

async function give(key) {
  const keys = key !== "u" && state.fakes && state.task.reasoning !== null ? `${key}f` : key;
  await ask("labels", { labeller: state.labeller, transcript: state.task.transcript, keys });
  state.labels[state.place] = keys;
  await show(next(state.place + 1));
}

function press(key) {
  if (state.labeller === null) return;
  if (key === "b") return doing(() => show(Math.max(0, state.place - 1)));
  if (!state.task) return;
  if (key in words) return doing(() => give(key));
  if (key === "s") {
    return doing(async () => {
      if (!state.labels[state.place]) state.skipped.add(state.place);
      await show(next(state.place + 1));
    });
  }
  if (key === "f" && state.task.reasoning !== null) {
    state.fakes = !state.fakes;
    showFakes(true);
  }
}

async function begin(labeller) {
  const { labels } = await ask(`labels?labeller=${encodeURIComponent(labeller)}`);
  state.labeller = labeller;
  state.labels = labels;
  element("who").textContent = labeller;
  await show(next(0));
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.target.tagName === "INPUT") return;
  press(event.key.toLowerCase());
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-key]");
  if (button) press(button.dataset.key);
});
element("again").addEventListener("click", () => {
  state.skipped.clear();
  doing(() => show(next(0)));
});
element("sign").addEventListener("submit", (event) => {
  event.preventDefault();
  doing(() => begin(element("labeller").value.trim()));
});

doing(async () => {
  const title = await ask("title");
  element("name").textContent = title.name;
  document.title = `Labelling ${title.name}`;
  if (title.labeller !== null) return begin(title.labeller);
  element("sign").hidden = false;
  element("labeller").focus();
});
