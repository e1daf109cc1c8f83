import { fromPosition } from "./controls.js";
import { scaleOf } from "./paths.js";

// A dot of the picture that the reader drags, or moves by arrow keys: it sets one parameter across, one upwards, or both.
// The dot is drawn by the model. Over it lies a button without looks, outside of the picture, which is one image to a screen
// reader. A click into the panel brings the dot there.

// What a parameter becomes that the pointer puts at `value`: inside the range, three digits on a log scale, else a step's place.
function fitted(spec, value) {
  const inside = Math.min(spec.high, Math.max(spec.low, value));
  if (spec.whole) return Math.round(inside);
  return spec.scale === "log" ? Number(inside.toPrecision(3)) : fromPosition(spec, inside);
}

// The next place of a slider, one step up or down.
function neighbour(spec, value, direction) {
  if (spec.scale !== "log") return fitted(spec, value + direction * spec.step);
  const beyond = direction > 0 ? spec.places.filter((place) => place > value) : spec.places.filter((place) => place < value);
  return (direction > 0 ? beyond[0] : beyond.at(-1)) ?? value;
}

function fromScale({ slope, offset, log }, place) {
  const value = (place - offset) / slope;
  return log ? 10 ** value : value;
}

export class Handle {
  // spec: { artist, across, up }: the live dot, and the names of the parameters that it sets ("" for none).
  constructor(figure, spec) {
    const artist = figure.artists.find((one) => one.name === spec.artist);
    this.figure = figure;
    this.name = spec.artist;
    this.node = artist.node;
    this.scales = figure.spec.axes[artist.axes];
    this.button = figure.querySelector(`[data-handle="${spec.artist}"]`);
    this.sides = ["across", "up"].filter((side) => spec[side]).map((side) => ({
      spec: figure.spec.parameters.find((one) => one.name === spec[side]), axis: side === "across" ? "x" : "y",
    }));
    this.place = [NaN, NaN];
    this.listen();
    this.button.hidden = false;
  }

  listen() {
    const button = this.button;
    button.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      button.setPointerCapture(event.pointerId);
      const [x, y] = this.onScreen();
      this.grip = [event.clientX - x, event.clientY - y];
    });
    button.addEventListener("pointermove", (event) => {
      if (button.hasPointerCapture(event.pointerId)) this.moveTo(event.clientX - this.grip[0], event.clientY - this.grip[1]);
    });
    button.addEventListener("keydown", (event) => this.key(event));
    this.node.ownerSVGElement.addEventListener("click", (event) => this.moveTo(event.clientX, event.clientY, true));
    new ResizeObserver(() => this.cover()).observe(this.figure);
  }

  key(event) {
    const way = { ArrowLeft: ["x", -1], ArrowRight: ["x", 1], ArrowDown: ["y", 1], ArrowUp: ["y", -1] }[event.key];
    const side = way && this.sides.find(({ axis }) => axis === way[0]);
    if (!side) return;
    event.preventDefault();
    event.stopPropagation();  // JupyterLab would take the arrow keys for itself
    const direction = way[1] * Math.sign(this.scales[way[0]].slope);
    const { controls } = this.figure;
    controls.set(side.spec, neighbour(side.spec, controls.values[side.spec.name], direction));
  }

  // Put the parameters where this place of the screen is; a click outside of their range is none.
  moveTo(clientX, clientY, click = false) {
    const place = new DOMPoint(clientX, clientY).matrixTransform(this.node.getScreenCTM().inverse());
    const values = this.sides.map(({ axis }) => fromScale(this.scales[axis], place[axis]));
    if (click && this.sides.some(({ spec }, k) => values[k] < spec.low || values[k] > spec.high)) return;
    this.sides.forEach(({ spec }, k) => this.figure.controls.set(spec, fitted(spec, values[k])));
  }

  // The dot's place in the panel, from the model's pair.
  put([[x, y]]) {
    this.place = [scaleOf(this.scales.x)(x), scaleOf(this.scales.y)(y)];
    if (!this.corner) this.measure();
    this.lay();
  }

  onScreen() {
    const { x, y } = new DOMPoint(...this.place).matrixTransform(this.node.getScreenCTM());
    return [x, y];
  }

  // Where the panel lies in the figure: read once, and when the figure's size changes, as reading it in a frame is dear.
  measure() {
    const panel = this.node.getScreenCTM();
    if (!panel) return;
    const figure = this.figure.getBoundingClientRect();
    this.corner = { x: panel.e - figure.left, y: panel.f - figure.top, scale: panel.a };
  }

  cover() {
    this.measure();
    this.lay();
  }

  lay() {
    if (!this.corner || !this.place.every(Number.isFinite)) return;
    const { x, y, scale } = this.corner;
    this.button.style.translate = `${x + scale * this.place[0]}px ${y + scale * this.place[1]}px`;
  }
}
