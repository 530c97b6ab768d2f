/* Keeps a page that waits for the worker as it is now, until the work is done. Without this script there is
   the link "Look again". */
(() => {
  "use strict";
  const place = document.getElementById("progress-of-work");
  const isRunning = () => place && place.querySelector("[data-running]");
  const longest = 10_000;
  let looks = 120;
  let pause = 1_000;

  function show(fresh) {
    const hadFocus = place.contains(document.activeElement);
    place.replaceChildren(...fresh.childNodes);
    const link = place.querySelector("a");
    if (hadFocus && link) link.focus();
  }

  async function look() {
    if (!document.hidden) {
      looks -= 1;
      try {
        const answer = await fetch(window.location.pathname, { credentials: "same-origin", redirect: "error" });
        if (!answer.ok) return;
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.getElementById("progress-of-work");
        if (!fresh) return;
        if (!fresh.isEqualNode(place)) show(fresh);
      } catch {
        // Not reached: tried again after a while.
      }
    }
    if (isRunning() && looks > 0) {
      pause = Math.min(pause * 1.3, longest);
      window.setTimeout(look, pause);
    }
  }

  if (isRunning()) window.setTimeout(look, pause);
})();
