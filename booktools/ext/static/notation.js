// What a symbol means, on hover, focus or touch: its row of the notation appendix, which is fetched once.
(() => {
  const SOON = 200; // milliseconds: a mouse that only passes opens nothing, and may cross the gap to the box
  const pages = new Map(); // address of a page -> promise of its document
  let box, shown, timer;

  function fetchPage(address) {
    if (!pages.has(address)) {
      const page = fetch(address).then(async (answer) => {
        if (!answer.ok) throw new Error(answer.status);
        return new DOMParser().parseFromString(await answer.text(), "text/html");
      });
      page.catch(() => pages.delete(address)); // another hover may try again
      pages.set(address, page);
    }
    return pages.get(address);
  }

  // One row as a paragraph: symbols, meaning, where they come in. Links lead where they lead on their own page.
  async function paragraph(address) {
    const url = new URL(address, location.href);
    const row = (await fetchPage(url.href.split("#")[0])).getElementById(url.hash.slice(1));
    const words = document.createElement("p");
    [...(row?.cells ?? [])].forEach((cell, index) => {
      const part = document.createElement("span");
      part.append(...[...document.importNode(cell, true).childNodes].flatMap((node) =>
        node.nodeName === "P" ? [...node.childNodes] : [node]));
      for (const link of part.querySelectorAll("a[href]")) link.href = new URL(link.getAttribute("href"), url).href;
      part.querySelectorAll("[id]").forEach((node) => node.removeAttribute("id"));
      if (!part.textContent.trim()) return;
      words.append(["", ": ", " (from "][index], part, index === 2 ? ")" : "");
    });
    return words;
  }

  function makeBox() {
    box = document.createElement("div");
    box.id = "symbol-meaning";
    box.setAttribute("role", "tooltip");
    box.hidden = true;
    box.addEventListener("pointerenter", () => clearTimeout(timer));
    box.addEventListener("pointerleave", later(hide));
    document.body.append(box);
  }

  function place(symbol) {
    const at = symbol.getBoundingClientRect();
    const left = Math.min(at.left, document.documentElement.clientWidth - box.offsetWidth - 8);
    const below = at.bottom + 4 + box.offsetHeight < window.innerHeight;
    box.style.left = `${Math.max(8, left)}px`;
    box.style.top = `${below ? at.bottom + 4 : Math.max(4, at.top - box.offsetHeight - 4)}px`;
  }

  async function show(symbol) {
    if (shown === symbol) return;
    hide();
    shown = symbol;
    let rows;
    try {
      rows = await Promise.all(symbol.dataset.rows.split(" ").map(paragraph));
    } catch {
      if (shown === symbol) shown = undefined; // no network: the link is still a link
      return;
    }
    if (shown !== symbol) return; // the reader has gone on
    if (!box) makeBox();
    box.replaceChildren(...rows);
    box.hidden = false;
    symbol.setAttribute("aria-describedby", box.id);
    place(symbol);
  }

  function hide() {
    clearTimeout(timer);
    shown?.removeAttribute("aria-describedby");
    shown = undefined;
    if (box) box.hidden = true;
  }

  function later(action) {
    return () => {
      clearTimeout(timer);
      timer = setTimeout(action, SOON);
    };
  }

  const symbolAt = (target) => target.closest?.(".symbol");
  document.addEventListener("pointerover", (event) => {
    const symbol = symbolAt(event.target);
    if (symbol && event.pointerType === "mouse") later(() => show(symbol))();
  });
  document.addEventListener("pointerout", (event) => {
    if (symbolAt(event.target) && event.pointerType === "mouse") later(hide)();
  });
  document.addEventListener("focusin", (event) => {
    const symbol = symbolAt(event.target);
    if (symbol?.matches(":focus-visible")) show(symbol);
  });
  document.addEventListener("focusout", (event) => symbolAt(event.target) && hide());
  // A finger: the first touch shows the meaning, a second one follows the link; a touch elsewhere puts it away.
  document.addEventListener("click", (event) => {
    const symbol = symbolAt(event.target);
    if (!symbol && !box?.contains(event.target)) hide();
    if (!symbol || event.pointerType === "mouse" || !event.pointerType || shown === symbol) return;
    event.preventDefault();
    show(symbol);
  });
  document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
  window.addEventListener("scroll", hide, { passive: true });
})();
