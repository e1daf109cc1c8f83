import { modeAmplitudes } from "./core.js";
import { short } from "./words.js";

// The schedule designer of chapter 5: four shapes of a schedule at one price.

function sum(values) {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

// min(cap, C shape), with C such that the cost is that of the constant schedule `delta`: the largest truncation times are
// capped, one after the other, until the level of the rest keeps them below the cap.
function atBudget(shape, delta, power, cap) {
  const rounds = shape.length;
  const falling = [...shape].sort((a, b) => b - a);
  for (let capped = 0; capped < rounds; capped++) {
    const rest = falling.slice(capped);
    let level;
    if (power === 0) {
      const left = rounds * Math.log(delta) - capped * Math.log(cap);
      level = Math.exp((left - sum(rest.map(Math.log))) / rest.length);
    } else {
      const left = rounds * delta ** -power - capped * cap ** -power;
      level = left > 0 ? (sum(rest.map((s) => s ** -power)) / left) ** (1 / power) : Infinity;
    }
    if (level * rest[0] <= cap * (1 + 1e-12)) return shape.map((s) => Math.min(cap, level * s));
  }
  return shape.map(() => cap);
}

// b^2 + sum theta_k^2 noise delta_k^-power in its two parts; theta: the weights of the rounds.
function parts(theta, delta, power) {
  return {
    mean: sum(delta.map((d, k) => theta[k] * d)),
    spread: sum(delta.map((d, k) => theta[k] ** 2 * d ** -power)),
  };
}

// The shape at its own best level under noise.
function bestLevel(shape, theta, noise, power) {
  const { mean, spread } = parts(theta, shape, power);
  const level = (power * noise * spread / (2 * mean ** 2)) ** (1 / (power + 2));
  return shape.map((s) => level * s);
}

function noiseOptimum(theta, noise, power) {
  const scale = (power * noise / 2) ** (1 / (power + 1));
  const mean = (scale * sum(theta.map((w) => w ** ((power + 2) / (power + 1))))) ** ((power + 1) / (power + 2));
  return theta.map((w) => (power * noise * w / (2 * mean)) ** (1 / (power + 1)));
}

function schedules({ price, cap }, { alpha, rounds, delta, ratio }) {
  const power = price.power;
  const k = Array.from({ length: rounds }, (_, i) => i);
  const theta = k.map((i) => (1 - alpha) ** (rounds - 1 - i));
  const shapes = { constant: k.map(() => 1), geometric: k.map((i) => ratio ** i), polynomial: k.map((i) => 1 / (i + 1)) };
  if (!price.noisy) {
    shapes.optimal = k.map((i) => (1 - alpha) ** (i / (power + 1)));
    const scaled = Object.entries(shapes).map(([name, shape]) => [name, atBudget(shape, delta, power, cap)]);
    return { theta, noise: 0, schedules: Object.fromEntries(scaled) };
  }
  const { mean, spread } = parts(theta, shapes.constant, power);
  const noise = 2 * mean ** 2 * delta ** (power + 2) / (power * spread);  // the constant `delta` is the best of its shape
  const scaled = Object.entries(shapes).map(([name, shape]) => [name, bestLevel(shape, theta, noise, power)]);
  return { theta, noise, schedules: { optimal: noiseOptimum(theta, noise, power), ...Object.fromEntries(scaled) } };
}

// Root mean square error of the mode of degree 1 after the rounds 1..N.
function rmsErrors(alpha, delta, noise, power) {
  const kept = modeAmplitudes(1, alpha, delta);
  let variance = 0;
  return delta.map((d, k) => {
    variance = ((1 - alpha) * Math.exp(-d)) ** 2 * variance + (noise > 0 ? noise * d ** -power : 0);
    return Math.hypot(1 - kept[k + 1], Math.sqrt(variance));
  });
}

function padded(values, length) {
  return Array.from({ length }, (_, k) => (k < values.length ? values[k] : NaN));
}

export function scheduleModel(constants, values) {
  const { cap } = constants;
  const { alpha, rounds } = values;
  const price = constants.prices[values.setting];
  const designed = schedules({ price, cap }, values);
  const result = {};
  const score = {};
  for (const [name, schedule] of Object.entries(designed.schedules)) {
    result[`schedule_${name}`] = padded(schedule, constants.rounds);
    result[`modes_${name}`] = constants.degrees.map((n) => modeAmplitudes(n, alpha, schedule)[rounds]);
    result[`error_${name}`] = padded(rmsErrors(alpha, schedule, designed.noise, price.power), constants.rounds);
    const { mean, spread } = parts(designed.theta, schedule, price.power);
    score[name] = price.noisy ? Math.sqrt(mean ** 2 + designed.noise * spread) : mean;
  }
  const readings = ["optimal", "constant", "geometric", "polynomial"].map((name) => `${name} ${short(score[name])}`);
  result.status = `${price.words}: ${price.noisy ? "bound on the error of mode 1" : "mean noising time b"}: ${readings.join(", ")}; `
    + `optimal / constant = ${short(score.optimal / score.constant)}`;
  const capped = !price.noisy && Object.values(designed.schedules).some((schedule) => Math.max(...schedule) >= cap);
  if (capped) result.status += `; no δ may exceed ${cap}`;
  return result;
}
