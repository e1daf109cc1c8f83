import { Controls } from "./controls.js";

// <explore-fig>: pictures drawn beforehand for every combination of the sliders' values. Frames are lists of indices into
// `parts`, the pieces of markup that they share; the last slider runs fastest.
class ExploreFigure extends HTMLElement {
  connectedCallback() {
    if (this.controls) return;
    const blob = this.querySelector("script[type='application/json']");
    if (!blob) {
      if (!this.late) requestAnimationFrame(() => this.connectedCallback());
      this.late = true;
      return;
    }
    this.spec = JSON.parse(blob.textContent);
    this.picture = this.querySelector(".echo-frame");
    this.status = this.querySelector("[role=status]");
    this.controls = new Controls(this.querySelector("fieldset"), this.spec.parameters, (values) => this.draw(values));
  }

  draw(values) {
    let index = 0;
    for (const spec of this.spec.parameters) index = index * spec.values.length + spec.values.indexOf(values[spec.name]);
    this.picture.innerHTML = this.spec.frames[index].map((part) => this.spec.parts[part]).join("");
    this.status.textContent = this.spec.parameters
      .map((spec) => `${spec.label} = ${spec.labels[values[spec.name]]}`).join(", ");
    this.drawn = values;
    this.dispatchEvent(new CustomEvent("drawn", { detail: values, bubbles: true }));
  }
}

if (!customElements.get("explore-fig")) customElements.define("explore-fig", ExploreFigure);
