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
function valueOf(constants, spec, text, options) {
  if (spec.scale === "choice") return options[spec.name].includes(text) ? text : null;
  if (spec.scale === "text") return refusal(spec.check, text) === "" ? text : null;
  if (spec.scale === "state") return unpackHeights(constants, text) ? text : null;
  return fromTyped(spec, text);
}

// { values, wrong, moved }: all parameters, those of the link where they are good; the names of what was not; and [name, given,
// taken] of each number that its control does not allow, such as one outside of the range. null for another link.
export function readLink({ spec: { constants, parameters } }, hash, options) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  if (given.get(LINK_MARK) !== "1") return null;
  const values = Object.fromEntries(parameters.map((spec) => [spec.name, spec.value]));
  const [wrong, moved] = [[], []];
  for (const spec of parameters) {
    if (!given.has(spec.name)) continue;
    const text = given.get(spec.name);
    const value = valueOf(constants, spec, text, options);
    if (value === null) wrong.push(spec.name);
    else values[spec.name] = value;
    if (typeof value === "number" && value !== Number(text)) moved.push([spec.name, text, value]);
  }
  if (values.data === "drawn" && !values.heights) values.data = parameters.find(({ name }) => name === "data").value;
  return { values, wrong, moved };
}
