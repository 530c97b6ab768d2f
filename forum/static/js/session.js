// Says two minutes before a session ends that it will, and keeps it while somebody types.
// Any key or press is activity; other windows of the same browser tell each other.
const box = document.querySelector("[data-session]");

if (box && window.fetch) {
  const IDLE = Number(box.dataset.session) * 60000;
  const BEFORE = 120000;
  const SELDOM = 60000; // the server notes activity once a minute
  const KEY = "forum-seen";
  const words = box.querySelector("[data-session-words]");
  let own = Date.now();
  let running = false;

  const note = () => {
    own = Date.now();
    try { localStorage.setItem(KEY, String(own)); } catch { /* a browser that keeps nothing */ }
  };
  const seen = () => {
    let other = 0;
    try { other = Number(localStorage.getItem(KEY)) || 0; } catch { /* as above */ }
    return Math.max(own, Math.min(other, Date.now()));
  };

  const extend = async () => {
    if (running) return;
    running = true;
    try {
      const answer = await fetch(box.dataset.extend, { credentials: "same-origin", redirect: "manual" });
      if (answer.status === 204) {
        note();
        box.hidden = true;
      } else if (!box.hidden) {
        words.textContent = box.dataset.ended;
      }
    } catch { /* no network: the next key tries again */ }
    running = false;
  };

  const look = () => {
    const quiet = Date.now() - seen();
    const isLate = quiet >= IDLE - BEFORE;
    if (isLate && box.hidden) words.textContent = box.dataset.words;
    if (quiet >= IDLE) words.textContent = box.dataset.ended;
    box.hidden = !isLate;
  };

  const act = () => {
    if (!box.hidden || Date.now() - seen() > SELDOM) extend();
  };

  note();
  for (const kind of ["keydown", "input", "pointerdown"]) document.addEventListener(kind, act, { passive: true });
  setInterval(look, 5000);
}
