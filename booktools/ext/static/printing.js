// On paper: everything folded is open, and the colours are those of the light page. Afterwards all is as before.
(() => {
  let restore = [];

  function open() {
    const root = document.documentElement;
    const { theme } = root.dataset;
    root.dataset.theme = "light";
    restore = [() => (root.dataset.theme = theme)];
    for (const fold of document.querySelectorAll("details:not([open])")) {
      fold.open = true;
      restore.push(() => (fold.open = false));
    }
  }

  function close() {
    restore.forEach((back) => back());
    restore = [];
  }
  window.addEventListener("beforeprint", open);
  window.addEventListener("afterprint", close);
})();
