"use strict";
// Shows what the server does, and talks with its models. Whatever comes from the server becomes text, never markup.
const at = (id) => document.getElementById(id);
let key = "", talk = [], stopping = null, last = null;

const ask = (path, options = {}) =>
  fetch(path, { ...options, headers: { "Content-Type": "application/json", ...(key ? { Authorization: `Bearer ${key}` } : {}) } });

function row(cells) {
  const line = document.createElement("tr");
  cells.forEach(([text, isNumber], index) => {
    const cell = document.createElement(index === 0 ? "th" : "td");
    if (index === 0) cell.scope = "row";
    if (isNumber) cell.className = "number";
    cell.textContent = text;
    line.append(cell);
  });
  return line;
}

const count = (number) => number.toLocaleString("en");
const seconds = (number) => (number === null ? "–" : number < 1 ? `${Math.round(number * 1000)} ms` : `${number.toFixed(1)} s`);

const workers = (states) => Object.entries(states).map(([state, number]) => `${number} ${state}`).join(", ") || "no workers";

function show(status) {
  const elapsed = last ? status.seconds - last.seconds : 0;
  at("models").replaceChildren(...status.models.map((model) => {
    const before = last?.models.find((other) => other.name === model.name);
    const rate = before && elapsed > 0 ? (model.generated - before.generated) / elapsed : 0;
    return row([
      [model.workers ? `${model.name} (${workers(model.workers)})` : model.name], [count(model.running), true], [count(model.waiting), true], [rate.toFixed(0), true], [count(model.prompt), true],
      [count(model.generated), true], [model.cache === null ? "–" : `${Math.round(model.cache * 100)} %`, true],
    ]);
  }));
  at("recent").replaceChildren(...status.recent.map((request) => row([
    [new Date(request.ended * 1000).toLocaleTimeString("en-GB")], [request.model], [String(request.status), true], [count(request.prompt), true],
    [count(request.generated), true], [seconds(request.first_token), true], [seconds(request.duration), true],
  ])));
  at("summary").textContent = `up ${seconds(status.seconds)}, ${Math.round(status.memory / 2 ** 20).toLocaleString("en")} MiB`;
  const talkers = status.models.filter((model) => model.chats).map((model) => model.name);
  if (at("model").options.length !== talkers.length) at("model").replaceChildren(...talkers.map((name) => new Option(name, name)));
  at("ask").hidden = talkers.length === 0;
  last = status;
}

async function refresh() {
  try {
    const answer = await ask("api/status");
    at("sign").hidden = answer.status !== 401;
    at("content").hidden = !answer.ok;
    at("problem").textContent = answer.ok ? "" : answer.status === 401 ? (key ? "The server does not know this key." : "") : `The server answers with status ${answer.status}.`;
    if (answer.ok) show(await answer.json());
  } catch {
    at("problem").textContent = "The server does not answer.";
  }
}

function turn(role, text) {
  const block = document.createElement("p");
  block.className = role === "user" ? "turn mine" : "turn";
  block.textContent = text;
  at("talk").append(block);
  at("talk").scrollTop = at("talk").scrollHeight;
  return block;
}

// The events of a stream, as they come.
async function* events(body) {
  let held = "";
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const parts = (held + text).split("\n\n");
    held = parts.pop();
    for (const part of parts) if (part.startsWith("data: {")) yield JSON.parse(part.slice(6));
  }
}

async function send() {
  const text = at("message").value.trim();
  if (!text || stopping) return;
  talk.push({ role: "user", content: text });
  turn("user", text);
  at("message").value = "";
  stopping = new AbortController();
  at("send").disabled = true;
  at("stop").disabled = false;
  const block = turn("assistant", "");
  const start = performance.now();
  let said = "", tokens = 0;
  try {
    const answer = await ask("v1/chat/completions", {
      method: "POST", signal: stopping.signal,
      body: JSON.stringify({ model: at("model").value, messages: talk, stream: true, stream_options: { include_usage: true } }),
    });
    if (!answer.ok) throw new Error((await answer.json()).error.message);
    for await (const event of events(answer.body)) {
      if (event.error) throw new Error(event.error.message);
      said += event.choices[0]?.delta?.content ?? "";
      tokens = event.usage?.completion_tokens ?? tokens;
      block.textContent = said;
      at("talk").scrollTop = at("talk").scrollHeight;
    }
  } catch (error) {
    if (error.name !== "AbortError") at("speed").textContent = error.message;
  }
  if (said) talk.push({ role: "assistant", content: said }); else { block.remove(); talk.pop(); }
  if (tokens) at("speed").textContent = `${tokens} tokens in ${((performance.now() - start) / 1000).toFixed(1)} s`;
  stopping = null;
  at("send").disabled = false;
  at("stop").disabled = true;
  at("message").focus();
}

at("ask").addEventListener("submit", (event) => { event.preventDefault(); send(); });
at("message").addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); send(); } });
at("stop").addEventListener("click", () => stopping?.abort());
at("fresh").addEventListener("click", () => { talk = []; at("talk").replaceChildren(); at("speed").textContent = ""; at("message").focus(); });
at("sign").addEventListener("submit", (event) => { event.preventDefault(); key = at("key").value; refresh(); });
refresh();
setInterval(() => { if (!document.hidden) refresh(); }, 2000);
