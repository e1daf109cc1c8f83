import { meanAge, modeAmplitudes, transfer } from "./core.js";
import { normalsOf, streamOf, uniformAt } from "./draws.js";
import { addRingPower, fourierSums, powerPlan } from "./image_power.js";
import { short } from "./words.js";

// Images of the exact loop, chapter 11: exp(-age delta) x + sqrt(1 - exp(-2 age delta)) z, with an image x of the pool, an
// age of the round's law and Gaussian noise z; and the power of this law, exact, by frequency.
const CHANNELS = 3;
const pools = new WeakMap();  // by constants

// The images of the constants in [-1, 1], their Fourier sums and the mean power of each ring.
function poolOf(constants) {
  if (pools.has(constants)) return pools.get(constants);
  const { count, side } = constants;
  const bytes = atob(constants.pixels);
  const values = Float64Array.from(bytes, (letter) => letter.charCodeAt(0) / 127.5 - 1);
  const plan = powerPlan(side);
  const pool = { count, side, plan, values, size: CHANNELS * side * side, sums: sumsOf(plan, values, count), drawn: null };
  pool.power = meanPower(pool);
  pools.set(constants, pool);
  return pool;
}

function sumsOf(plan, values, count) {
  const area = plan.side * plan.side;
  const each = 2 * plan.side * plan.half;
  const sums = new Float64Array(count * CHANNELS * each);
  for (let k = 0; k < count * CHANNELS; k++) fourierSums(plan, values, k * area, sums, k * each);
  return sums;
}

function meanPower({ plan, count, sums }) {
  const power = new Float64Array(plan.half);
  const length = sums.length / count;
  for (let k = 0; k < count; k++) addRingPower(plan, CHANNELS, sums, k * length, sums, k * length, power, 0);
  return power.map((sum) => sum / count);
}

// All chance of draw number `draw`: sorted ranks of the ages, images, noise; and what the power of their sums is made of.
function drawOf(pool, shown, draw) {
  if (pool.drawn?.draw === draw) return pool.drawn;
  const stream = streamOf(2 * draw);
  const ranks = Float64Array.from({ length: shown }, (_, k) => uniformAt(stream, k)).sort();
  const picks = Int32Array.from({ length: shown }, (_, k) => Math.floor(pool.count * uniformAt(stream, shown + k)));
  const noise = normalsOf(streamOf(2 * draw + 1), shown * pool.size);
  const sums = sumsOf(pool.plan, noise, shown);
  const { half } = pool.plan;
  const length = sums.length / shown;
  const [xx, xz, zz] = [0, 1, 2].map(() => new Float64Array(shown * half));
  for (let k = 0; k < shown; k++) {
    const image = picks[k] * length;
    addRingPower(pool.plan, CHANNELS, pool.sums, image, pool.sums, image, xx, k * half);
    addRingPower(pool.plan, CHANNELS, pool.sums, image, sums, k * length, xz, k * half);
    addRingPower(pool.plan, CHANNELS, sums, k * length, sums, k * length, zz, k * half);
  }
  pool.drawn = { draw, ranks, picks, noise, xx, xz, zz };
  return pool.drawn;
}

// The age in the round of a given rank of the limit's ages, a geometric law; min(age, round) has the round's law.
function agesOf(ranks, alpha, round) {
  return ranks.map((rank) => Math.min(round, Math.max(1, Math.ceil(Math.log1p(-rank) / Math.log1p(-alpha)))));
}

// The wall as bytes, images in rows with a transparent pixel between them.
function paintWall(pool, drawn, kept, added, across) {
  const { side } = pool;
  const width = across * (side + 1) - 1;
  const height = kept.length / across * (side + 1) - 1;
  const bytes = new Uint8ClampedArray(4 * width * height);
  const area = side * side;
  for (let k = 0; k < kept.length; k++) {
    const corner = Math.floor(k / across) * (side + 1) * width + k % across * (side + 1);
    const image = drawn.picks[k] * pool.size;
    for (let pixel = 0; pixel < area; pixel++) {
      const to = 4 * (corner + Math.floor(pixel / side) * width + pixel % side);
      for (let channel = 0; channel < CHANNELS; channel++) {
        const at = channel * area + pixel;
        const value = kept[k] * pool.values[image + at] + added[k] * drawn.noise[k * pool.size + at];
        bytes[to + channel] = 127.5 * (value + 1);
      }
      bytes[to + 3] = 255;
    }
  }
  return bytes;
}

// Mean power of the images in each ring, and its ends two standard errors away: [low, high, NaN, ...].
function measuredPower({ xx, xz, zz }, kept, added, half, least) {
  const shown = kept.length;
  const mean = new Float64Array(half);
  const bars = new Float64Array(3 * half).fill(NaN);
  for (let ring = 0; ring < half; ring++) {
    let sum = 0;
    let squares = 0;
    for (let k = 0; k < shown; k++) {
      const at = k * half + ring;
      const power = kept[k] ** 2 * xx[at] + 2 * kept[k] * added[k] * xz[at] + added[k] ** 2 * zz[at];
      sum += power;
      squares += power * power;
    }
    mean[ring] = sum / shown;
    const error = Math.sqrt(Math.max(0, squares / shown - mean[ring] ** 2) / (shown - 1));
    bars[3 * ring] = Math.max(least, mean[ring] - 2 * error);
    bars[3 * ring + 1] = mean[ring] + 2 * error;
  }
  return { mean, bars };
}

// From which frequency on the law holds more noise than data; its power falls with frequency.
function noisyFrom(power, g2) {
  const ring = power.findIndex((value) => g2 * value < 1 - g2);
  return ring < 0 ? "at no frequency" : `from frequency ${ring} on`;
}

function rowAges(ages, across, row) {
  const [first, last] = [ages[row * across], ages[(row + 1) * across - 1]];
  return first === last ? `${first}` : `${first}–${last}`;
}

export function imageGridModel(constants, { alpha, delta, round, draw }) {
  const { across, shown, least } = constants;
  const pool = poolOf(constants);
  const drawn = drawOf(pool, shown, draw);
  const ages = agesOf(drawn.ranks, alpha, round);
  const kept = ages.map((age) => Math.exp(-age * delta));
  const added = ages.map((age) => Math.sqrt(-Math.expm1(-2 * age * delta)));
  const limit = transfer(2, alpha, delta);
  const g2 = modeAmplitudes(2, alpha, new Array(round).fill(delta))[round];
  const noise = 1 - g2;
  const { mean, bars } = measuredPower(drawn, kept, added, pool.plan.half, least);
  const result = {
    wall: paintWall(pool, drawn, kept, added, across),
    data: pool.power,
    limit: pool.power.map((value) => limit * value + 1 - limit),
    round: pool.power.map((value) => g2 * value + noise),
    noise: [noise, noise],
    shown: mean,
    bars,
    status: `round ${round}, draw ${draw}: ages from ${ages[0]} to ${ages[shown - 1]}, mean `
      + `${short(ages.reduce((sum, age) => sum + age, 0) / shown)} shown and ${short(meanAge(alpha, round))} in the law; share kept `
      + `g₂ = ${short(g2)}, noise ${short(noise)}; more noise than data ${noisyFrom(pool.power, g2)}, in the limit `
      + `${noisyFrom(pool.power, limit)}`,
  };
  for (let row = 0; row < shown / across; row++) result[`row${row}`] = rowAges(ages, across, row);
  return result;
}
