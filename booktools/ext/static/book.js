// What the book adds to its pages: a sign on everything that scrolls sideways, and names for the fold buttons.
(() => {
  const FORMULAS = 'mjx-container[display="true"], span.math'; // displays, and formulas in the text
  const WIDE = `div.math, ${FORMULAS}, div.highlight pre, div.cell_output pre, .pst-scrollable-table-container`;

  // A thin bar at the foot (book.css draws it from the two variables) and a fade at the side where more lies.
  function mark(box) {
    const hidden = box.scrollWidth - box.clientWidth;
    // On a desk formulas in the text do not scroll: what sticks out of them there is text for screen readers.
    const scrolls = ["auto", "scroll"].includes(getComputedStyle(box).overflowX);
    const slack = box.matches("span") ? 2 : 1; // pixels: so far an accent sticks out of its letter
    const wide = scrolls && hidden > slack && box.clientWidth > 0;
    box.classList.toggle("sideways", wide);
    if (box.matches(".pst-scrollable-table-container")) { // the arrow keys move what has the focus
      if (wide) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
    box.classList.toggle("more-right", wide && box.scrollLeft < hidden - 1);
    box.classList.toggle("more-left", wide && box.scrollLeft > 1);
    if (!wide) return;
    box.style.setProperty("--sideways-share", `${(100 * box.clientWidth) / box.scrollWidth}%`);
    box.style.setProperty("--sideways-at", `${(100 * box.scrollLeft) / hidden}%`);
  }

  function watchWideBoxes() {
    const sizes = new ResizeObserver((entries) => entries.forEach((entry) => mark(entry.target)));
    const watch = (box) => {
      sizes.observe(box);
      box.addEventListener("scroll", () => mark(box), { passive: true });
    };
    document.querySelectorAll(WIDE).forEach(watch);
  }

  function nameFoldButtons() {
    for (const summary of document.querySelectorAll("summary[aria-label]")) {
      if (summary.textContent.trim()) summary.removeAttribute("aria-label"); // its words say it
    }
  }

  function start() {
    nameFoldButtons();
    watchWideBoxes();
  }
  if (document.readyState === "complete") start();
  else window.addEventListener("load", start);
})();
