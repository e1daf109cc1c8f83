import { cutoffDegree, modeAmplitudes, transfer } from "./core.js";
import { normalDensity } from "./normal.js";
import { chosenMixture, hermiteModes, momentsOf, nearestPlace } from "./playground_data.js";
import { gaussPoints, normalOverlap, transportDistance, transportToNormal, variationDistance, variationToNormal } from "./playground_distances.js";
import { combine, emptyLaw, gridIndex, limitWeights, roundWeights, tableOf } from "./playground_laws.js";
import { refitRounds } from "./playground_refit.js";
import { readTimes } from "./texts.js";
import { percent, short } from "./words.js";

// The playground: any data on the line, any schedule, the exact sampler or the closed loop of a discretised one.
const memories = new WeakMap();  // of a figure, by its constants: what does not change with the round

function scheduleTimes(constants, { schedule, delta, times }) {
  const listed = schedule === "listed" ? readTimes(times) : [];
  const timeOf = { constant: () => delta, annealed: (i) => delta / (i + 1), listed: (i) => listed[Math.min(i, listed.length - 1)] };
  return Array.from({ length: constants.rounds }, (_, i) => timeOf[schedule](i));
}

function dataOf(constants, values, memory) {
  const key = JSON.stringify([values.data, values.data === "typed" && values.mixture, values.data === "drawn" && values.heights]);
  if (memory.dataKey === key) return memory.data;
  const mixture = chosenMixture(constants, values);
  const { table, top } = tableOf(mixture, memory.data?.table);
  const law = combine(table, Float64Array.of(1), memory.data?.law);
  law.points = gaussPoints(law);
  const modes = hermiteModes(mixture, constants.degrees.at(-1));
  Object.assign(memory, { dataKey: key, data: { mixture, table, top, law, modes, moments: momentsOf(mixture) }, loopKey: null });
  return memory.data;
}

// Distances to the data after the rounds 0..N, and of the law in which the loop ends.
function exactLoop(values, data, times, scratch) {
  const weights = roundWeights(values.alpha, times);
  const end = values.schedule === "annealed" ? null : limitWeights(values.alpha, times.at(-1));
  const distances = (one) => {
    const law = combine(data.table, one, scratch);
    return [transportDistance(data.law, law), variationDistance(data.law, law)];
  };
  return { weights, end, distances: [[0, 0], ...weights.slice(1).map(distances)], last: end ? distances(end) : [0, 0] };
}

function refitLoop(constants, values, data, times) {
  data.overlap ??= normalOverlap(data.law);
  const more = Array.from({ length: constants.last - times.length }, (_, i) => (
    values.schedule === "annealed" ? values.delta / (times.length + i + 1) : times.at(-1)));
  const sampling = { sampler: values.sampler, count: values.steps, start: constants.start };
  const path = refitRounds(sampling, data.moments, values.alpha, [...times, ...more]);
  const distances = ({ mean, variance }) => {
    const deviation = Math.sqrt(variance);
    return [transportToNormal(data.moments, data.overlap, mean, deviation), variationToNormal(data.law, mean, deviation)];
  };
  return { path, distances: [[0, 0], ...path.slice(1, times.length + 1).map(distances)], last: distances(path.at(-1)) };
}

function loopOf(constants, values, data, memory) {
  const { alpha, sampler, steps } = values;
  const times = scheduleTimes(constants, values);
  const key = JSON.stringify([alpha, times, values.schedule, sampler, sampler !== "exact" && steps]);
  if (memory.loopKey !== key) {
    memory.scratch ??= emptyLaw();
    const loop = sampler === "exact" ? exactLoop(values, data, times, memory.scratch) : refitLoop(constants, values, data, times);
    Object.assign(memory, { loopKey: key, loop: { times, ...loop } });
  }
  return memory.loop;
}

// What is left of each mode of the data after the round, and at the end.
function exactModes(degrees, alpha, times, round, ends) {
  const before = times.slice(0, round);
  return degrees.map((n) => [modeAmplitudes(n, alpha, before)[round], ends ? transfer(n, alpha, times.at(-1)) : 1]);
}

function refitModes({ degrees, empty }, data, now, end) {
  const [first, second] = [now, end].map(({ mean, variance }) => (
    hermiteModes({ weights: [1], means: [mean], variances: [variance] }, degrees.at(-1))));
  return degrees.map((n) => (Math.abs(data.modes[n]) < empty ? [NaN, NaN] : [first[n] / data.modes[n], second[n] / data.modes[n]]));
}

// Far outside of the panel all is one.
function bounded(value) {
  return Math.min(9, Math.max(-9, value));
}

function densities(constants, data, loop, round) {
  if (loop.path) {
    const bell = ({ mean, variance }) => constants.x.map((x) => normalDensity((x - mean) / Math.sqrt(variance)) / Math.sqrt(variance));
    return [round > 0 ? bell(loop.path[round]) : shown(constants, data.law), bell(loop.path.at(-1))];
  }
  const end = loop.end ? shown(constants, combine(data.table, loop.end)) : shown(constants, data.law);
  return [shown(constants, combine(data.table, loop.weights[round])), end];
}

function shown(constants, law) {
  return constants.x.map((x) => law.density[gridIndex(x)]);
}

function statusOf(values, loop, last) {
  const { alpha, round, schedule, sampler } = values;
  const [way, variation] = loop.distances[round];
  const end = schedule === "annealed" && sampler === "exact" ? "the loop ends in the data"
    : `${sampler === "exact" ? "the loop ends" : `after ${last} rounds the loop is`} at W₂ ${short(loop.last[0])}, TV ${short(loop.last[1])} from the data`;
  const noised = schedule === "annealed" || sampler !== "exact" ? "" : `; cut-off degree ${short(cutoffDegree(alpha, loop.times.at(-1)))}`;
  return `round ${round}: W₂ to the data ${short(way)}, TV ${short(variation)}; never refreshed ${percent((1 - alpha) ** round)}; ${end}${noised}`;
}

// values.frame: { top, heights } while a pen is down: the panel's top stays, and the pencil line is shown.
export function playgroundModel(constants, values) {
  const { degrees, tops } = constants;
  if (!memories.has(constants)) memories.set(constants, {});
  const memory = memories.get(constants);
  const data = dataOf(constants, values, memory);
  const loop = loopOf(constants, values, data, memory);
  const { round, alpha, sampler, frame } = values;
  const top = frame?.top ?? tops.find((one) => one >= 1.04 * data.top) ?? tops.at(-1);
  const [now, end] = densities(constants, data, loop, round);
  const exact = sampler === "exact";
  const kept = exact ? exactModes(degrees, alpha, loop.times, round, loop.end !== null)
    : round > 0 ? refitModes(constants, data, loop.path[round], loop.path.at(-1))
      : refitModes(constants, data, loop.path[1], loop.path.at(-1)).map(([, last]) => [1, last]);
  const drawing = values.data === "drawn";
  const dataShown = shown(constants, data.law).map((value) => value / top);
  return {
    data_area: dataShown,
    data: dataShown,
    round: now.map((value) => value / top),
    end: end.map((value) => value / top),
    pencil: constants.places.map((_, k) => (frame ? frame.heights[k] / constants.tallest : NaN)),
    place: drawing ? constants.places[nearestPlace(constants.places, values.place)] : null,
    half: String(top / 2),
    top: String(top),
    kept_end: kept.map(([, last]) => (Number.isNaN(last) ? 0 : bounded(last))),
    kept_round: kept.map(([first]) => bounded(first)),
    w2: loop.distances.slice(1).map(([way]) => way),
    tv: loop.distances.slice(1).map(([, variation]) => variation),
    w2_end: [loop.last[0], loop.last[0]],
    tv_end: [loop.last[1], loop.last[1]],
    now: round,
    status: statusOf(values, loop, constants.last),
  };
}
