"use strict";
// Everything works without this script; it adds the theme button, filters and keys.
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

  const pairs = [...document.querySelectorAll(".pair")];
  const search = document.getElementById("search"), kind = document.getElementById("kind"), count = document.getElementById("count");
  if (!search) return;
  document.querySelector(".filters").hidden = false;
  const filter = () => {
    const text = search.value.toLowerCase();
    let shown = 0;
    for (const pair of pairs) {
      const fits = (!kind.value || pair.dataset.kinds.split(" ").includes(kind.value)) && (!text || pair.textContent.toLowerCase().includes(text));
      pair.hidden = !fits;
      if (fits) shown += 1;
    }
    count.textContent = `${shown} of ${pairs.length}`;
  };
  search.addEventListener("input", filter);
  kind.addEventListener("change", filter);
  filter();

  let here = null;
  const show = (pair) => {
    if (!pair) return;
    if (here) here.classList.remove("here");
    here = pair;
    here.classList.add("here");
    here.scrollIntoView({ block: "start" });
    history.replaceState(null, "", "#" + here.id);
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
    const visible = pairs.filter((pair) => !pair.hidden), index = visible.indexOf(here);
    if (event.key === "j") show(visible[Math.min(index + 1, visible.length - 1)]);
    else if (event.key === "k") show(visible[Math.max(index - 1, 0)]);
    else if (event.key === "/") { search.focus(); event.preventDefault(); }
    else if (event.key === "s" && here) for (const details of here.querySelectorAll("details")) details.open = !details.open;
  });
})();
