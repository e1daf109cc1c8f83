import { STEPS, timeSteps } from "./model_sampler_side.js";

// The closed loop of chapter 6 (prop-closure): in every round a normal law is fitted to the mix and sampled with a discretised
// sampler and that law's exact score, so that each round is normal. A pass takes mean and variance of its target to those of its
// output; it starts in N(0, 1) at the time `start`.
function oneCallPass(rule) {
  return (steps, m, v) => {
    let [mean, variance] = [0, 1];
    for (const step of steps) {
      const [scale, weight, noise] = rule(step);
      const total = step.signal * v + step.square;
      const gain = scale - weight / total;
      mean = gain * mean + weight * step.a * m / total;
      variance = gain * gain * variance + noise;
    }
    return [mean, variance];
  };
}

function heunPass(steps, m, v) {
  let [mean, variance] = [0, 1];
  for (const { h, a, aLater, signal, square, signalLater, squareLater } of steps) {
    const [total, later] = [signal * v + square, signalLater * v + squareLater];
    const [slope, slopeLater] = [1 - 1 / total, 1 - 1 / later];
    const gain = 1 + h / 2 * (slope + slopeLater * (1 + h * slope));
    const shift = a * m / total;
    mean = gain * mean + h / 2 * (shift + slopeLater * h * shift + aLater * m / later);
    variance *= gain * gain;
  }
  return [mean, variance];
}

function twoStepPass(steps, m, v) {
  let [gain, before, lengthBefore] = [1, null, 0];
  for (const { s, sLater, a, aLater, signal, square, length } of steps) {
    const clean = a * v / (signal * v + square) * gain;
    const guess = before === null ? clean : clean + (clean - before) * length / (2 * lengthBefore);
    gain = sLater / s * gain - aLater * Math.expm1(-length) * guess;
    [before, lengthBefore] = [clean, length];
  }
  return [(steps.at(-1).aLater - gain * steps[0].a) * m, gain * gain];
}

const PASSES = { heun: heunPass, dpmpp_2m: twoStepPass };

// Moments {mean, variance} of the rounds 0..N of a schedule, from the data's, with `count` steps a pass.
export function refitRounds({ sampler, count, start }, moments, alpha, schedule) {
  const pass = PASSES[sampler] ?? oneCallPass(STEPS[sampler]);
  const path = [moments];
  let [steps, delta] = [null, null];
  for (const next of schedule) {
    if (next !== delta) [steps, delta] = [timeSteps(start, count, next), next];
    const { mean, variance } = path.at(-1);
    const apart = moments.mean - mean;
    const mixed = alpha * moments.variance + (1 - alpha) * variance + alpha * (1 - alpha) * apart * apart;
    const [m, v] = pass(steps, alpha * moments.mean + (1 - alpha) * mean, mixed);
    path.push({ mean: m, variance: v });
  }
  return path;
}
