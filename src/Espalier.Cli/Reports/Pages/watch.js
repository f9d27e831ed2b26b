"use strict";
(() => {
  // The page is asked for again and what changed of it is put in place; addresses are relative, for tunnels and proxies.
  const silent = document.querySelector(".silent");
  const usual = 1000;
  let pause = usual;
  const look = async () => {
    try {
      const answer = await fetch(`./${location.search}`, { cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      const next = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of document.querySelectorAll("[data-part]")) {
        const fresh = next.querySelector(`[data-part="${part.dataset.part}"]`);
        if (fresh && fresh.innerHTML !== part.innerHTML) part.replaceChildren(...fresh.childNodes);
      }
      document.title = next.title;
      document.documentElement.dataset.state = next.documentElement.dataset.state;
      silent.hidden = true;
      // Nothing hurries where nothing works.
      pause = next.documentElement.dataset.state === "running" ? usual : 5 * usual;
    } catch {
      silent.hidden = false;
      pause = 3 * usual;
    }
    setTimeout(look, document.hidden ? 5 * pause : pause);
  };
  setTimeout(look, usual);
})();
