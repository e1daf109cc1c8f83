import { ageMass } from "./core.js";
import { normalsOf, streamOf, uniformAt } from "./draws.js";
import { short } from "./words.js";

// Chapter 2: a population of samples round by round; the same draws as in explorers/genealogy.py.

// The data points with the numbers 0..count-1.
function dataDraws({ weights, means, variances }, seed, count) {
  const edges = [];
  weights.reduce((sum, weight, k) => (edges[k] = sum + weight), 0);
  const chosen = streamOf(4 * seed + 1);
  const x = normalsOf(streamOf(4 * seed + 2), count);
  for (let n = 0; n < count; n++) {
    const u = uniformAt(chosen, n);
    let k = 0;
    while (k < weights.length - 1 && u >= edges[k]) k++;
    x[n] = means[k] + Math.sqrt(variances[k]) * x[n];
  }
  return x;
}

// Sample j of round k is number n = k size + j of flat arrays: place x, age, the number of its parent or -1, and the place
// of the fresh data point that it was trained on.
function populationOf({ mixture, size }, { alpha, delta, round, seed }) {
  const count = (round + 1) * size;
  const origin = dataDraws(mixture, seed, count);
  const noise = normalsOf(streamOf(4 * seed + 3), count);
  const ancestry = streamOf(4 * seed);
  const x = Float64Array.from(origin);
  const age = new Int32Array(count);
  const parent = new Int32Array(count).fill(-1);
  const kept = Math.exp(-delta);
  const spread = Math.sqrt(-Math.expm1(-2 * delta));
  for (let n = size; n < count; n++) {
    const fresh = uniformAt(ancestry, 2 * n) < alpha;
    if (!fresh) parent[n] = (Math.floor(n / size) - 1) * size + Math.floor(size * uniformAt(ancestry, 2 * n + 1));
    age[n] = fresh ? 1 : age[parent[n]] + 1;
    x[n] = kept * (fresh ? origin[n] : x[parent[n]]) + spread * noise[n];
  }
  return { count, x, age, parent, origin };
}

// Which samples have a descendant in the last round.
function livingOf({ count, parent }, size) {
  const living = new Uint8Array(count);
  for (let n = count - 1; n >= 0; n--) {
    if (n >= count - size) living[n] = 1;
    if (living[n] && parent[n] >= 0) living[parent[n]] = 1;
  }
  return living;
}

// Lines from training points to samples, of those that live and of the others, and dots by the class of their age.
function drawingOf(drawn, living, { size, classes }) {
  const result = { lines: [], extinct: [] };
  const dots = classes.map(() => []);
  const classOf = (age) => classes.findIndex(([, high]) => age <= high);
  let founders = 0;
  for (let n = 0; n < drawn.count; n++) {
    const k = Math.floor(n / size);
    const own = drawn.parent[n];
    dots[classOf(drawn.age[n])].push([drawn.x[n], k]);
    if (own < 0) founders += living[n];
    if (k === 0) continue;
    if (own < 0) dots[0].push([drawn.origin[n], k - 1]);
    const start = own < 0 ? drawn.origin[n] : drawn.x[own];
    (living[n] ? result.lines : result.extinct).push([start, k - 1], [drawn.x[n], k], [NaN, NaN]);
  }
  dots.forEach((one, number) => { result[`dots_${number}`] = one; });
  return { result, founders };
}

export function genealogyModel(constants, values) {
  const { size, rounds, classes } = constants;
  const { alpha, delta, round, seed } = values;
  const drawn = populationOf(constants, values);
  const { result, founders } = drawingOf(drawn, livingOf(drawn, size), constants);
  const shares = new Float64Array(rounds + 1);
  for (let n = drawn.count - size; n < drawn.count; n++) shares[drawn.age[n]] += 1 / size;
  classes.forEach(([low, high], number) => { result[`bars_${number}`] = shares.slice(low, high + 1); });
  result.exact = Float64Array.from(shares, (_, j) => (j >= Math.min(round, 1) && j <= round ? ageMass(alpha, round, j) : NaN));
  const mean = (law) => short(law.reduce((sum, share, age) => sum + (share || 0) * age, 0));
  result.status = `α = ${short(alpha)}, δ = ${short(delta)}, round ${round}, population ${seed}: these ${size} samples descend from `
    + `${founders} data points; mean age ${mean(shares)}, by the exact law ${mean(result.exact)}`;
  return result;
}
