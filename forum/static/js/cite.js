// Completion of references while typing in a text: after [[ the library offers what it has.
// Without this script the numbers are typed, or copied from the library's pages.
"use strict";

(() => {
  const OPEN = /\[\[([^[\]\n]{0,40})$/;
  let list = null;
  let asked = 0;

  const close = () => {
    if (list) {
      list.remove();
      list = null;
    }
  };

  const insert = (field, start, cite) => {
    const end = field.selectionEnd;
    const rest = field.value.slice(end).replace(/^\]\]/, "");
    field.value = `${field.value.slice(0, start)}[[${cite}]]${rest}`;
    const place = start + cite.length + 4;
    field.setSelectionRange(place, place);
    close();
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };

  const offer = (field, start, documents) => {
    close();
    if (!documents.length) {
      return;
    }
    list = document.createElement("ul");
    list.className = "cite-offers";
    list.setAttribute("aria-live", "polite");
    for (const one of documents) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = `${one.cite} · ${one.title}`;
      button.addEventListener("click", () => insert(field, start, one.cite));
      const line = document.createElement("li");
      line.append(button);
      list.append(line);
    }
    field.after(list);
  };

  const look = async (field) => {
    const found = OPEN.exec(field.value.slice(0, field.selectionEnd));
    if (!found) {
      close();
      return;
    }
    const start = field.selectionEnd - found[0].length;
    const mine = ++asked;
    const answer = await fetch(`/library/complete?q=${encodeURIComponent(found[1])}`);
    if (answer.ok && mine === asked) {
      offer(field, start, (await answer.json()).documents);
    }
  };

  document.addEventListener("input", (event) => {
    if (event.target instanceof HTMLTextAreaElement) {
      look(event.target);
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      close();
    }
  });
})();
