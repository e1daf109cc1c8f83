import { Controls } from "./controls.js";
import { MODELS } from "./models.js";

// <live-fig>: panels drawn by matplotlib, whose live artists are rewritten from a closed form when a slider moves.
const VERSION = 1;  // of the JSON description: an old output in a notebook may meet a newer script, or the other way round

function cut(value) {
  return Math.round(value * 100) / 100;
}

function isDrawn(value) {
  return Number.isFinite(value) && Math.abs(value) < 1e5;  // far outside the panel, where browsers' coordinates still hold
}

// Path data of an artist of the kind named; sx and sy take data to the panel's coordinates.
const PATHS = {
  line(artist, values, sx, sy) {
    let path = "";
    let pen = "M";
    for (let i = 0; i < values.length; i++) {
      const y = sy(values[i]);
      if (!isDrawn(y)) { pen = "M"; continue; }
      path += `${pen}${cut(sx(artist.x[i]))} ${cut(y)}`;
      pen = "L";
    }
    return path;
  },
  area(artist, values, sx, sy) {
    const line = PATHS.line(artist, values, sx, sy);
    const base = cut(sy(0));
    return `${line}L${cut(sx(artist.x[values.length - 1]))} ${base}L${cut(sx(artist.x[0]))} ${base}Z`;
  },
  bars(artist, values, sx, sy) {
    const base = cut(sy(0));
    let path = "";
    for (let i = 0; i < values.length; i++) {
      const left = cut(sx(artist.x[i] - artist.width / 2));
      const right = cut(sx(artist.x[i] + artist.width / 2));
      path += `M${left} ${base}V${cut(sy(values[i]))}H${right}V${base}Z`;
    }
    return path;
  },
  upright(artist, value, sx, sy) {
    return value === null ? "" : `M${cut(sx(value))} ${cut(sy(artist.y[0]))}V${cut(sy(artist.y[1]))}`;
  },
};

function scaleOf({ slope, offset, log }) {
  return log ? (value) => slope * Math.log10(value) + offset : (value) => slope * value + offset;
}

export class LiveFigure extends HTMLElement {
  connectedCallback() {
    if (this.controls) return;
    const blob = this.querySelector("script[type='application/json']");
    if (!blob) {  // an element whose content is still being parsed
      if (!this.late) requestAnimationFrame(() => this.connectedCallback());
      this.late = true;
      return;
    }
    this.spec = JSON.parse(blob.textContent);
    this.status = this.querySelector("[role=status]");
    if (this.spec.version !== VERSION || !MODELS[this.spec.model]) {
      this.status.textContent = "This figure and its script come from different versions of echolimit: run the cell again, "
        + "or reload the page.";
      return;
    }
    this.artists = this.spec.artists.map((artist) => ({
      ...artist,
      node: this.querySelector(`[id="${artist.id}"] ${artist.kind === "text" ? "text" : "path"}`)
        ?? this.querySelector(`[id="${artist.id}"]`),
      sx: scaleOf(this.spec.axes[artist.axes].x),
      sy: scaleOf(this.spec.axes[artist.axes].y),
    }));
    this.controls = new Controls(this.querySelector("fieldset"), this.spec.parameters, (values) => this.draw(values));
  }

  // The numbers behind the picture at the parameters given; tests read them.
  compute(values) {
    return MODELS[this.spec.model](this.spec.constants, values);
  }

  draw(values) {
    const result = this.compute(values);
    for (const artist of this.artists) {
      const value = result[artist.name];
      if (artist.kind === "text") artist.node.textContent = value;
      else artist.node.setAttribute("d", PATHS[artist.kind](artist, value, artist.sx, artist.sy));
    }
    this.status.textContent = result.status;
    this.drawn = values;
    this.dispatchEvent(new CustomEvent("drawn", { detail: values, bubbles: true }));
  }
}

if (!customElements.get("live-fig")) customElements.define("live-fig", LiveFigure);
