// The bar that runs while a decision can be taken back, and the single keys of those who switched them on.
for (const bar of document.querySelectorAll("progress[data-undo]")) {
  const began = Date.now();
  const left = bar.value;
  const tick = setInterval(() => {
    bar.value = Math.max(0, left - (Date.now() - began) / 1000);
    if (bar.value > 0) return;
    clearInterval(tick);
    bar.closest("form").querySelector("button").disabled = true;
    bar.closest("form").querySelector("[data-left]").textContent = bar.dataset.undo;
  }, 1000);
}

const keys = document.querySelector("[data-keys]");
if (keys) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!target) return;
    event.preventDefault();
    if (target.matches("textarea, input, select")) target.focus();
    else target.click();
  });
}
