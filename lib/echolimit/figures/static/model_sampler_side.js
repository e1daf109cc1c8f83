import { modeAmplitudes, transfer } from "./core.js";
import { short } from "./words.js";

// The discretised Gaussian loop of chapter 6 for centred data of variance v: on which side of the ideal limit it ends.
const SETTLED = 1e-13;  // a loop that moves by less, relatively, has arrived

// The steps of a geometric time grid from the time `start`, where every pass begins in N(0, 1), with what the samplers need of them.
export function timeSteps(start, count, delta) {
  const times = Array.from({ length: count + 1 }, (_, k) => start * (delta / start) ** (k / count));
  times[count] = delta;
  return times.slice(1).map((later, k) => {
    const t = times[k];
    const [square, squareLater] = [-Math.expm1(-2 * t), -Math.expm1(-2 * later)];
    const [s, sLater] = [Math.sqrt(square), Math.sqrt(squareLater)];
    const length = t - later + Math.log(s / sLater);  // of the step in ln(a / s)
    return {
      h: t - later, s, sLater, square, squareLater, length,
      signal: Math.exp(-2 * t), signalLater: Math.exp(-2 * later), a: Math.exp(-t), aLater: Math.exp(-later),
    };
  });
}

// x' = scale x + weight score + sqrt(noise) xi, for the samplers with one call of the score a step.
export const STEPS = {
  euler_maruyama: ({ h }) => [1 + h, 2 * h, 2 * h],
  exponential_integrator: ({ h }) => [Math.exp(h), 2 * Math.expm1(h), Math.expm1(2 * h)],
  ancestral: ({ h, square, squareLater }) => [Math.exp(h), 2 * Math.sinh(h), -Math.expm1(-2 * h) * squareLater / square],
  ancestral_large: ({ h }) => [Math.exp(h), 2 * Math.sinh(h), -Math.expm1(-2 * h)],
  ddim: ({ h, s, sLater }) => [Math.exp(h), s * (Math.exp(h) * s - sLater), 0],
};

// A pass: from the variance v of its target to that of its output. Up to 280,000 steps a drawing: flat tables, no objects.
function column(steps, value) {
  return Float64Array.from(steps, value);
}

function oneCall(steps, rule) {
  const rules = steps.map(rule);
  const [scale, weight, noise] = [0, 1, 2].map((part) => column(rules, (one) => one[part]));
  const [signal, square] = [column(steps, (step) => step.signal), column(steps, (step) => step.square)];
  return (v) => {
    let variance = 1;
    for (let k = 0; k < scale.length; k++) {
      const gain = scale[k] - weight[k] / (signal[k] * v + square[k]);
      variance = gain * gain * variance + noise[k];
    }
    return variance;
  };
}

function heun(steps) {
  const ends = [...steps, { signal: steps.at(-1).signalLater, square: steps.at(-1).squareLater }];
  const [signal, square] = [column(ends, (step) => step.signal), column(ends, (step) => step.square)];
  const h = column(steps, (step) => step.h);
  return (v) => {
    let gain = 1;
    let slope = 1 - 1 / (signal[0] * v + square[0]);
    for (let k = 0; k < h.length; k++) {
      const next = 1 - 1 / (signal[k + 1] * v + square[k + 1]);
      gain *= 1 + h[k] / 2 * (slope + next * (1 + h[k] * slope));
      slope = next;
    }
    return gain * gain;
  };
}

// The gain of x_k - a_k m: gain <- keep gain - move guess, the guess extrapolated from this step and the one before.
function dpmpp2m(steps) {
  const keep = column(steps, (step) => step.sLater / step.s);
  const move = column(steps, (step) => step.aLater * Math.expm1(-step.length));
  const ahead = column(steps, (step, k) => (k > 0 ? step.length / (2 * steps[k - 1].length) : 0));
  const [a, signal, square] = ["a", "signal", "square"].map((name) => column(steps, (step) => step[name]));
  return (v) => {
    let gain = 1;
    let before = 0;
    for (let k = 0; k < keep.length; k++) {
      const clean = a[k] * v / (signal[k] * v + square[k]) * gain;
      gain = keep[k] * gain - move[k] * (clean + (clean - before) * ahead[k]);
      before = clean;
    }
    return gain * gain;
  };
}

function passOf(sampler, steps) {
  if (sampler === "heun") return heun(steps);
  return sampler === "dpmpp_2m" ? dpmpp2m(steps) : oneCall(steps, STEPS[sampler]);
}

// Variances of the rounds 0..count of the loop from the data.
function loop(pass, alpha, v, count) {
  const path = [v];
  let settled = false;
  for (let i = 0; i < count; i++) {
    const now = path[i];
    const next = settled ? now : pass(alpha * v + (1 - alpha) * now);
    settled = Math.abs(next - now) <= SETTLED * now;
    path.push(next);
  }
  return path;
}

export function samplerSideModel(constants, { sampler, steps, alpha, delta, v }) {
  const { low, high, rounds, last, samplers } = constants;
  const grid = timeSteps(constants.start, steps, delta);
  const names = Object.keys(samplers);
  const paths = names.map((name) => loop(passOf(name, grid), alpha, v, last));
  const ends = paths.map((path) => path[last]);
  const path = paths[names.indexOf(sampler)].slice(0, rounds + 1);
  const ofShare = (share) => 1 - share * (1 - v);  // the variance where this share of the mode of degree 2 is left
  const ideal = modeAmplitudes(2, alpha, new Array(rounds).fill(delta)).map(ofShare);
  const limit = ofShare(transfer(2, alpha, delta));
  const clipped = ends.map((end) => Math.min(high, Math.max(low, end)));
  const end = ends[names.indexOf(sampler)];
  const side = short(end) === short(limit) ? "at" : end > limit ? "above" : "below";
  const result = {
    path,
    path_dots: path,
    ideal,
    limit: [limit, limit],
    data: [v, v],
    ends: clipped,
    chosen: clipped.map((value, k) => (names[k] === sampler ? value : NaN)),
    limit_line: limit,
    data_line: v,
    status: `${samplers[sampler]}, ${steps} steps: ends at ${short(end)} after ${last} rounds, ${side} the ideal limit ${short(limit)} (data ${short(v)})`,
  };
  names.forEach((name, k) => { result[`value_${name}`] = short(ends[k]); });
  return result;
}
