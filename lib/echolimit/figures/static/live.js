import { Controls } from "./controls.js";
import { Handle } from "./handles.js";
import { EXTRAS, MODELS } from "./models.js";
import { PATHS, scaleOf } from "./paths.js";
import { paintRaster } from "./raster.js";

// <live-fig>: panels drawn by matplotlib, whose live artists are rewritten from a closed form when a slider moves.
const VERSION = 1;  // of the JSON description: an old output in a notebook may meet a newer script, or the other way round

class LiveFigure extends HTMLElement {
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
    this.handles = (this.spec.handles ?? []).map((handle) => new Handle(this, handle));
    this.controls = new Controls(this.querySelector("fieldset"), this.spec.parameters, (values) => this.draw(values));
    EXTRAS[this.spec.model]?.(this);
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
      else if (artist.kind === "raster") paintRaster(artist, value);
      else artist.node.setAttribute("d", PATHS[artist.kind](artist, value, artist.sx, artist.sy));
    }
    for (const handle of this.handles) handle.put(result[handle.name]);
    this.status.textContent = result.status;
    this.drawn = values;
    this.dispatchEvent(new CustomEvent("drawn", { detail: values, bubbles: true }));
  }
}

if (!customElements.get("live-fig")) customElements.define("live-fig", LiveFigure);
