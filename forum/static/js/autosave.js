// Saves a draft while it is written; without this script the Save button does it.
// The server answers in words, and gives the lock and the key that the next save has to name.
const form = document.querySelector("form[data-autosave]");
const told = form && form.querySelector("[data-autosaved]");
const WAIT = 2500; // after the last key, in milliseconds
const AGAIN = 20000; // after a save that did not come through

if (form && told && window.fetch && window.FormData) {
  let address = form.dataset.autosave;
  let written = 0; // counts changes
  let saved = 0;
  let timer = null;
  let running = null;
  let leaving = false;

  const tell = (words) => { told.textContent = words; };

  const take = (answer) => {
    const fields = { lock_version: answer.lock_version, submission: answer.submission };
    for (const [name, value] of Object.entries(fields)) {
      const field = form.elements[name];
      if (field) field.value = value;
    }
    address = answer.autosave;
    if (form.getAttribute("action") !== answer.action) {
      form.setAttribute("action", answer.action);
      window.history.replaceState(null, "", answer.action);
    }
  };

  const save = async () => {
    const upTo = written;
    let answer;
    try {
      const response = await fetch(address, {
        method: "POST", body: new FormData(form), redirect: "manual", credentials: "same-origin",
      });
      const isTold = (response.headers.get("Content-Type") || "").startsWith("application/json");
      answer = isTold ? await response.json() : { state: "ended", words: form.dataset.ended };
    } catch {
      answer = { state: "offline", words: form.dataset.offline };
    }
    if (answer.state === "saved") {
      saved = upTo;
      take(answer);
    }
    tell(answer.words);
    if (answer.state === "offline") plan(AGAIN);
    else if (answer.state === "saved" && written > saved) plan(WAIT);
  };

  const plan = (wait) => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      if (running || leaving || written === saved) return;
      running = save();
      await running;
      running = null;
    }, wait);
  };

  form.addEventListener("input", () => {
    written += 1;
    if (!running) tell(form.dataset.unsaved);
    plan(WAIT);
  });

  // A button pressed while a save is under way waits for it: else it would meet its own text as a conflict.
  form.addEventListener("submit", async (event) => {
    leaving = true;
    clearTimeout(timer);
    if (!running) return;
    event.preventDefault();
    await running;
    form.requestSubmit(event.submitter);
  });

  window.addEventListener("pageshow", (event) => { if (event.persisted) leaving = false; });
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && written > saved) event.preventDefault();
  });
}
