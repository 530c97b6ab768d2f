// Saves a questionnaire's page while it is written; without this script the Save button does the same.
for (const form of document.querySelectorAll("form[data-questionnaire]")) {
  const status = form.querySelector("[data-autosave-status]");
  let timer = null;
  let isBusy = false;
  let isStopped = false;
  let waiting = null;

  const save = async () => {
    if (isStopped) return;
    if (isBusy) {
      timer = setTimeout(save, 1000);
      return;
    }
    isBusy = true;
    status.textContent = form.dataset.saving;
    const data = new FormData(form);
    data.set("step", "autosave");
    // A file goes by its own button, once.
    for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
    try {
      const answer = await fetch(form.action, { method: "POST", body: data, redirect: "error" });
      const told = await answer.json();
      if (!answer.ok) throw new Error(Object.values(told.errors || {}).join(" "));
      for (const [name, value] of Object.entries(told.fields || {})) form.elements[name].value = value;
      for (const [key, version] of Object.entries(told.versions || {})) {
        const field = form.elements[`v-${key}`];
        // A question that somebody else changed keeps its version: Save then shows both texts.
        if (field && !told.conflicts.includes(key)) field.value = version;
      }
      status.textContent = told.conflicts.length ? form.dataset.conflict : `${form.dataset.saved} ${told.saved}`;
    } catch (error) {
      status.textContent = `${form.dataset.unsaved} ${error.message || ""}`;
    }
    isBusy = false;
    if (waiting) form.requestSubmit(waiting);
  };

  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(save, 1500);
  };
  form.addEventListener("input", soon);
  form.addEventListener("submit", (event) => {
    isStopped = true;
    clearTimeout(timer);
    if (!isBusy) return;
    // Wait for the save in hand: its new versions must be in what is sent.
    event.preventDefault();
    waiting = event.submitter;
  });
}
