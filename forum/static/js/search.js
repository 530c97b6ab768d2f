/* Completes names and words in the search box, by the browser's own list of suggestions. Without this script
   the box works as it is. */
(() => {
  "use strict";
  const box = document.getElementById("q");
  const list = document.getElementById("q-completions");
  if (!box || !list) return;
  let waiting = 0;
  let asked = "";

  async function complete() {
    const text = box.value;
    if (text === asked) return;
    asked = text;
    if (text.trim().length < 2) {
      list.replaceChildren();
      return;
    }
    try {
      const answer = await fetch(`/search/complete?q=${encodeURIComponent(text)}`, { credentials: "same-origin" });
      if (!answer.ok || text !== box.value) return;
      const found = await answer.json();
      list.replaceChildren(
        ...found.completions.map((value) => {
          const option = document.createElement("option");
          option.value = value;
          return option;
        }),
      );
    } catch {
      list.replaceChildren();
    }
  }

  box.addEventListener("input", () => {
    window.clearTimeout(waiting);
    waiting = window.setTimeout(complete, 150);
  });
})();
