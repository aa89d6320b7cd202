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
