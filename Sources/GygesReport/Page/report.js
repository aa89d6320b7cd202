"use strict";
// Chooses light or dark; all but the transcripts can be read without scripts.
(() => {
  const root = document.documentElement, button = document.getElementById("theme");
  const stored = () => { try { return localStorage.getItem("gyges-theme"); } catch { return null; } };
  const wanted = new URLSearchParams(location.search).get("theme") || stored();
  if (wanted === "dark" || wanted === "light") root.dataset.theme = wanted;
  button.hidden = false;
  button.addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    try { localStorage.setItem("gyges-theme", root.dataset.theme); } catch { /* A file's storage may be shut. */ }
  });
})();
// On paper nothing can be opened: what is folded is shown while the page is printed, but for the numbers of single charts.
(() => {
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("main details:not([open])")].filter((details) => !details.closest("figure"));
    for (const details of opened) details.open = true;
  });
  addEventListener("afterprint", () => { for (const details of opened) details.open = false; });
})();
// Gives a chart as a file: its picture as SVG, its numbers as CSV. Nothing is loaded for it, and nothing is sent.
(() => {
  // What of a picture's look comes from the page's style sheet.
  const looks = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "stroke-opacity", "opacity", "font-family", "font-size", "font-weight"];
  const save = (name, type, text) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  };
  const withLooks = (from) => {
    const copy = from.cloneNode(true);
    const [old, made] = [[from, ...from.querySelectorAll("*")], [copy, ...copy.querySelectorAll("*")]];
    old.forEach((element, index) => {
      const look = getComputedStyle(element);
      made[index].removeAttribute("class");
      for (const name of looks) made[index].setAttribute(name, look.getPropertyValue(name).replace(/^url\("[^"#]*#/, 'url("#'));
    });
    return copy;
  };
  const picture = (svg) => {
    const root = document.documentElement, theme = root.dataset.theme;
    // Papers are light, whatever this page is now.
    root.dataset.theme = "light";
    const copy = withLooks(svg);
    const paper = getComputedStyle(document.body).backgroundColor;
    if (copy.innerHTML.includes("#hatch")) copy.prepend(withLooks(document.getElementById("hatch")));
    if (theme === undefined) delete root.dataset.theme; else root.dataset.theme = theme;
    const box = svg.viewBox.baseVal;
    const ground = document.createElementNS(svg.namespaceURI, "rect");
    for (const [name, value] of [["width", box.width], ["height", box.height], ["fill", paper]]) ground.setAttribute(name, value);
    copy.prepend(ground);
    // Links lead nowhere outside of this page.
    for (const link of copy.querySelectorAll("a")) {
      const group = document.createElementNS(svg.namespaceURI, "g");
      group.append(...link.childNodes);
      link.replaceWith(group);
    }
    copy.setAttribute("xmlns", svg.namespaceURI);
    copy.setAttribute("width", box.width);
    copy.setAttribute("height", box.height);
    return new XMLSerializer().serializeToString(copy);
  };
  for (const tools of document.querySelectorAll(".tools")) tools.hidden = false;
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-take]");
    if (!button) return;
    const name = `gyges-${button.dataset.name}.${button.dataset.take}`;
    if (button.dataset.take === "csv") return save(name, "text/csv;charset=utf-8", button.dataset.csv.replaceAll("\n", "\r\n") + "\r\n");
    save(name, "image/svg+xml", picture(button.closest("figure").querySelector(".plot svg")));
  });
})();
