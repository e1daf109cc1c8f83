import { fromTyped } from "./controls.js";
import { unpackHeights } from "./playground_data.js";
import { refusal } from "./texts.js";

// The state of the playground as the part of an address after #, which a reader can send: "play=1&data=example&alpha=0.2&...".
const LINK_MARK = "play";

// The names that matter with these values, in order.
function namesOf({ data, schedule, sampler }) {
  return ["data", ...(data === "typed" ? ["mixture"] : data === "drawn" ? ["heights"] : []), "alpha", "schedule",
    schedule === "listed" ? "times" : "delta", "round", "sampler", ...(sampler === "exact" ? [] : ["steps"])];
}

export function linkOf(values) {
  const pairs = namesOf(values).map((name) => [name, String(values[name])]);
  return `#${new URLSearchParams([[LINK_MARK, "1"], ...pairs])}`;
}

// What a text in a link becomes as the value of a parameter; null where it cannot be one.
function valueOf(spec, text, options) {
  if (spec.scale === "choice") return options[spec.name].includes(text) ? text : null;
  if (spec.scale === "text") return refusal(spec.check, text) === "" ? text : null;
  if (spec.scale === "state") return unpackHeights(text) ? text : null;
  return fromTyped(spec, text);
}

// { values, wrong }: all parameters, those of the link where they are good, and the names of what was not; null for another link.
export function readLink(hash, specs, options) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  if (given.get(LINK_MARK) !== "1") return null;
  const values = Object.fromEntries(specs.map((spec) => [spec.name, spec.value]));
  const wrong = [];
  for (const spec of specs) {
    if (!given.has(spec.name)) continue;
    const value = valueOf(spec, given.get(spec.name), options);
    if (value === null) wrong.push(spec.name);
    else values[spec.name] = value;
  }
  const start = Object.fromEntries(specs.map((spec) => [spec.name, spec.value]));
  if (values.data === "drawn" && !values.heights) values.data = start.data;
  return { values, wrong };
}
