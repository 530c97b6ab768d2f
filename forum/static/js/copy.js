// A button that copies the text of the element it names; without this script the text stands there anyway.
for (const button of document.querySelectorAll("[data-copies]")) {
  const text = document.getElementById(button.dataset.copies);
  const told = button.parentElement.querySelector("[data-copied]");
  if (!text || !navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text.textContent.trim());
    if (told) told.textContent = told.dataset.copied;
  });
}
