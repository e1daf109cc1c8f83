import { playgroundCode } from "./playground_code.js";
import { chosenMixture, heightsOf, nearestPlace, packHeights, unpackHeights } from "./playground_data.js";
import { linkOf, readLink } from "./playground_link.js";

// What the playground does besides redrawing: a curve drawn by mouse, finger or keys, rows that come when they matter, the state
// in the address, and the Python code.
const HASH_DELAY = 250;  // milliseconds: browsers refuse an address that changes with every frame

export function openPlayground(figure) {
  new Playground(figure);
}

class Playground {
  constructor(figure) {
    this.figure = figure;
    this.controls = figure.controls;
    this.constants = figure.spec.constants;
    this.controls.changed = (values) => this.draw(values);
    this.code = figure.querySelector(".echo-code");
    this.said = figure.querySelector(".echo-said");
    this.stroke = null;
    this.listenToPen();
    this.listenToButtons();
    this.restore();
    addEventListener("hashchange", () => this.restore());
  }

  draw(asked) {
    const values = this.settled(asked);
    const rows = {
      mixture: values.data === "typed", place: values.data === "drawn", height: values.data === "drawn",
      times: values.schedule === "listed", delta: values.schedule !== "listed", steps: values.sampler !== "exact",
    };
    for (const [name, shown] of Object.entries(rows)) this.figure.querySelector(`[data-name="${name}"]`).hidden = !shown;
    this.figure.draw(this.stroke ? { ...values, frame: this.stroke } : values);
    if (this.code.open) this.writeCode(values);
    this.keepAddress(values);
    this.before = values;
  }

  // The heights of a drawing and the two sliders that change it by keys, in step with each other.
  settled(values) {
    const { controls, before, constants } = this;
    const { places, tallest } = constants;
    if (values.data !== "drawn") return values;
    if (!values.heights) {
      const from = before ?? { ...values, data: controls.specs.find(({ name }) => name === "data").value };
      controls.put("heights", packHeights(heightsOf(constants, chosenMixture(constants, from), this.topOf(from))));
    }
    const heights = unpackHeights(constants, controls.values.heights);
    const byKeys = before && before.data === "drawn" && before.heights === values.heights && before.place === values.place
      && before.height !== values.height;
    if (byKeys) {
      const changed = [...heights];
      changed[nearestPlace(places, values.place)] = Math.round(values.height * tallest / 100);
      if (changed.some((height) => height > 0)) controls.put("heights", packHeights(changed));
    }
    const now = unpackHeights(constants, controls.values.heights)[nearestPlace(places, values.place)];
    controls.put("height", Math.round(now * 100 / tallest));
    return { ...controls.values };
  }

  topOf(values) {
    return Number(this.figure.compute(values).top);
  }

  listenToPen() {
    const artist = this.figure.artists.find(({ name }) => name === "data");
    this.node = artist.node;
    this.scales = this.figure.spec.axes[artist.axes];
    const panel = artist.node.ownerSVGElement;
    panel.classList.add("echo-drawn-on");
    panel.addEventListener("pointerdown", (event) => this.putDown(panel, event));
    panel.addEventListener("pointermove", (event) => {
      if (this.stroke?.pointer !== event.pointerId) return;
      const events = event.getCoalescedEvents?.() ?? [];
      for (const one of events.length ? events : [event]) this.penTo(one);
    });
    panel.addEventListener("pointerup", (event) => this.liftPen(event));
    panel.addEventListener("pointercancel", (event) => this.liftPen(event, true));
  }

  // Where the pointer is, in units of the panel: x of the law, y from 0 to 1.
  pointOf(event) {
    const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.node.getScreenCTM().inverse());
    return ["x", "y"].map((axis) => (place[axis] - this.scales[axis].offset) / this.scales[axis].slope);
  }

  putDown(panel, event) {
    const [x, y] = this.pointOf(event);
    if (event.button !== 0 || this.stroke || Math.abs(x) > this.constants.x.at(-1) || y < -0.02 || y > 1.02) return;
    panel.setPointerCapture(event.pointerId);
    const values = { ...this.controls.values };
    const top = this.topOf(values);
    const heights = heightsOf(this.constants, chosenMixture(this.constants, values), top);
    this.stroke = { pointer: event.pointerId, top, heights, last: null, values };
    if (event.pointerType === "touch") return;  // a finger may be about to scroll
    event.preventDefault();
    this.penTo(event);
  }

  // The curve follows the pen over all places from the last point on.
  penTo(event) {
    const { stroke, controls } = this;
    const { places, tallest } = this.constants;
    const [x, y] = this.pointOf(event);
    const now = { k: nearestPlace(places, x), height: Math.min(1, Math.max(0, y)) * tallest };
    const from = stroke.last ?? now;
    const way = Math.abs(now.k - from.k);
    for (let step = 0; step <= way; step++) {
      const share = way === 0 ? 1 : step / way;
      const k = from.k + Math.sign(now.k - from.k) * step;
      stroke.heights[k] = Math.round(from.height + share * (now.height - from.height));
    }
    stroke.last = now;
    if (!stroke.heights.some((height) => height > 0)) return;
    controls.put("heights", packHeights(stroke.heights));
    controls.put("data", "drawn");
    controls.put("place", places[now.k]);
    controls.tell();
  }

  // cancelled: the browser took the finger's way for a scroll.
  liftPen(event, cancelled = false) {
    if (this.stroke?.pointer !== event.pointerId) return;
    if (cancelled) for (const [name, value] of Object.entries(this.stroke.values)) this.controls.put(name, value);
    this.stroke = null;
    this.controls.tell();
  }

  listenToButtons() {
    const button = (name) => this.figure.querySelector(`[data-tool="${name}"]`);
    button("link").addEventListener("click", () => {
      this.writeAddress();
      this.copy(location.href, "The link is copied.", "The address of this page is the link.");
    });
    button("code").addEventListener("click", () => {
      this.copy(this.writeCode(), "The code is copied.", "Select the code and copy it: the browser refused.");
    });
    this.code.addEventListener("toggle", () => this.writeCode());
    for (const name of ["link", "code"]) button(name).disabled = false;
  }

  async copy(text, done, failed) {
    try {
      await navigator.clipboard.writeText(text);
      this.said.textContent = done;
    } catch {
      this.said.textContent = failed;
    }
  }

  writeCode(values = this.before ?? this.controls.values) {
    const text = playgroundCode(this.constants, values);
    this.code.querySelector("code").textContent = text;
    return text;
  }

  keepAddress(values) {
    clearTimeout(this.timer);
    if (this.before === undefined) return;  // the first drawing says nothing new
    this.timer = setTimeout(() => this.writeAddress(), HASH_DELAY);
    this.said.textContent = "";
  }

  // Where all is as at the start, the address goes back to that of the page.
  writeAddress() {
    const { values, specs } = this.controls;
    const hash = specs.every(({ name, value }) => ["place", "height"].includes(name) || values[name] === value) ? "" : linkOf(values);
    if (!hash && !location.hash.startsWith("#play=")) return;
    try {
      history.replaceState(history.state, "", hash || location.pathname + location.search);
    } catch {
      this.said.textContent = "This frame keeps no address: open the page by itself to share it.";
    }
  }

  restore() {
    const { controls, figure } = this;
    const options = Object.fromEntries([...figure.querySelectorAll("[data-name] select")].map((select) => (
      [select.closest("[data-name]").dataset.name, [...select.options].map(({ value }) => value)])));
    const found = readLink(figure, location.hash, options);
    if (!found) return;
    this.before = undefined;
    for (const [name, value] of Object.entries(found.values)) controls.put(name, value);
    controls.tell();
    figure.scrollIntoView();
    const wrong = found.wrong.length ? ` Not understood, and left as at the start: ${found.wrong.join(", ")}.` : "";
    const changes = found.moved.map(([name, given, taken]) => `${name} from ${given} to ${taken}`).join(", ");
    const moved = changes ? ` Changed to the nearest value allowed: ${changes}.` : "";
    this.said.textContent = `Restored from the link.${wrong}${moved}`;
  }
}
