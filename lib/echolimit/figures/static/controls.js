import { refusal } from "./texts.js";

// The controls of a figure: range inputs with a number field each, lists to choose from, a reset button. The page holds them,
// disabled; a script that runs brings them to life. One parameter: { name, value, scale } and for scale "linear" { low, high,
// step }, for "log" { low, high, places }, for "list" { values, labels }; for "choice" nothing more: its value is a word; for "text"
// { check }: a line, taken when its check of texts.js lets it pass; "state" has no row, a script sets it.

function toPosition(spec, value) {
  if (spec.scale === "list") return spec.values.indexOf(value);
  if (spec.scale === "linear") return value;
  const distances = spec.places.map((place) => Math.abs(Math.log(place / value)));
  return distances.indexOf(Math.min(...distances));
}

export function fromPosition(spec, position) {
  if (spec.scale === "list") return spec.values[position];
  if (spec.scale === "log") return spec.places[position];
  const steps = Math.round((position - spec.low) / spec.step);
  return Number((spec.low + steps * spec.step).toPrecision(12));
}

// What a typed number becomes: inside the range, whole where the step is; null where it is none.
export function fromTyped(spec, text) {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) return null;
  const inside = Math.min(spec.high, Math.max(spec.low, value));
  return spec.whole ? Math.round(inside) : inside;
}

export class Controls {
  // form: the fieldset.  specs: the parameters.  changed(parameters): called at most once per painted frame.
  constructor(form, specs, changed) {
    this.specs = specs;
    this.values = {};
    this.changed = changed;
    this.waiting = false;
    this.rows = specs.map((spec) => this.row(form, spec));
    this.reset();
    form.querySelector("button:not([data-tool])")?.addEventListener("click", () => this.reset());
    // JupyterLab would take the arrow keys for itself.
    form.addEventListener("keydown", (event) => event.stopPropagation());
    form.disabled = false;
  }

  // A row of the form: its specification and a function that shows a value there.
  row(form, spec) {
    if (spec.scale === "state") return { spec, show: () => {} };
    const row = form.querySelector(`[data-name="${spec.name}"]`);
    if (spec.scale === "text") return { spec, show: this.text(row, spec) };
    return { spec, show: spec.scale === "choice" ? this.choice(row, spec) : this.slider(row, spec) };
  }

  text(row, spec) {
    const [input, words] = [row.querySelector("input"), row.querySelector(".echo-wrong")];
    const say = (wrong) => {
      input.setAttribute("aria-invalid", String(wrong !== ""));
      words.textContent = wrong;
    };
    input.addEventListener("change", () => {
      const wrong = refusal(spec.check, input.value);
      if (wrong) say(wrong);
      else this.set(spec, input.value.trim());
    });
    return (value) => {
      input.value = value;
      say("");
    };
  }

  choice(row, spec) {
    const select = row.querySelector("select");
    select.addEventListener("change", () => this.set(spec, select.value));
    return (value) => { select.value = value; };
  }

  slider(row, spec) {
    const range = row.querySelector("input[type=range]");
    const typed = row.querySelector("input[type=number], .echo-value");
    range.addEventListener("input", () => this.set(spec, fromPosition(spec, Number(range.value)), range));
    typed.addEventListener("change", () => {
      const value = fromTyped(spec, typed.value);
      this.set(spec, value === null ? this.values[spec.name] : value);
    });
    return (value, source) => {
      if (source !== range) range.value = String(toPosition(spec, value));
      const words = spec.scale === "list" ? spec.labels[spec.values.indexOf(value)] : String(value);
      if (typed.tagName === "INPUT") typed.value = words;
      else typed.textContent = words;
      range.setAttribute("aria-valuetext", words);
    };
  }

  // source: the element that the value comes from and that needs no telling.
  set(spec, value, source = null) {
    this.values[spec.name] = value;
    this.rows.find((row) => row.spec === spec).show(value, source);
    this.tell();
  }

  // Set a parameter in silence: for a script that draws itself.
  put(name, value) {
    this.values[name] = value;
    this.rows.find((row) => row.spec.name === name).show(value, null);
  }

  reset() {
    for (const { spec } of this.rows) this.set(spec, spec.value);
  }

  tell() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.changed({ ...this.values });
    });
  }
}
