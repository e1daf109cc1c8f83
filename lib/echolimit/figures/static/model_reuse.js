import { percent, short } from "./words.js";

// The refitted Gaussian mean of chapter 8: variance in units of v / n, with real data reused or fresh in every round.
function excess(ratio, round) {
  return ratio / (1 + 2 * ratio) * -Math.expm1(-2 * round * Math.log1p(1 / ratio));
}

// Where the excess of round i >= 1 is largest: with r = exp(-y), the root of 2 i y = ln(2 i + 1 + 2 i r) by bisection.
function peakOf(round) {
  const twice = 2 * round;
  let low = 0;
  let high = Math.log(2 * twice + 1) / twice;
  for (let step = 0; step < 60; step++) {
    const y = (low + high) / 2;
    if (Math.log(twice + 1 + twice * Math.exp(-y)) > twice * y) low = y;
    else high = y;
  }
  const r = Math.exp(-low);
  return { ratio: 1 / Math.expm1(low), excess: twice * r / (twice + 1 + twice * r) };
}

// Mean total variation to the truth of N(mu, v), mu normal with a variance of `variance` times v.
function expectedVariation(variance) {
  return 2 / Math.PI * Math.atan(Math.sqrt(variance) / 2);
}

export function reuseModel(constants, { round, ratio, real }) {
  const curve = constants.ratios.map((one) => excess(one, round));
  const peak = peakOf(round);
  const here = excess(ratio, round);
  return {
    reused: curve.map((s) => 1 + s),
    fresh: curve.map((s) => 1 - s),
    peaks: [[peak.ratio, 1 + peak.excess], [peak.ratio, 1 - peak.excess]],
    ratio,
    here: [[ratio, 1 + here], [ratio, 1 - here]],
    status: `round ${round}: peak at λ = ${short(peak.ratio)}, +${percent(peak.excess)} with reused data, −${percent(peak.excess)} with fresh; `
      + `at λ = ${short(ratio)} the variance in units of v/n is ${short(1 + here)} reused, ${short(1 - here)} fresh; `
      + `expected total variation for n = ${real}: ${short(expectedVariation((1 + here) / real))} reused, `
      + `${short(expectedVariation((1 - here) / real))} fresh`,
  };
}
