import { cutoffDegree, lawDensities, totalVariation, transfer } from "./core.js";
import { densityFromHermite, hermiteFunctions } from "./hermite.js";

// A number with three significant digits, without trailing zeros.
export function short(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e5) return value.toExponential(1).replaceAll("-", "−").replace("e+", "e");
  return String(Number(value.toPrecision(3))).replace("-", "−");
}

// A distance in [0, 1]: the curves are known to about 1e-8, and a smaller number would say nothing.
function distance(value) {
  return value > 0 && value < 1e-6 ? "< 0.000001" : String(Number(value.toPrecision(3)));
}

function percent(share) {
  return share > 0 && share < 1e-5 ? "< 0.001 %" : `${short(100 * share)} %`;
}

// Whether the series of these coefficients is negative on a half-line: the last one that is not zero has odd degree or is
// negative (prop-reconstruction). What is below rounding counts as zero.
function negativeInTail(coefficients) {
  let last = coefficients.length - 1;
  while (last > 0 && Math.abs(coefficients[last]) < 1e-14) last--;
  return last % 2 === 1 || coefficients[last] < 0;
}

// A marker that leaves its axis on the right turns into words at the edge.
function marker(value, last, word) {
  return value <= last
    ? { line: value, text: "", edge: "" }
    : { line: null, text: "", edge: `${word} = ${short(value)} →` };
}

// Each model: (constants, parameters) -> { artist name: array, number, string or null, ..., status: one line of text }.
export const MODELS = {
  limit(constants, { alpha, delta, round }) {
    const laws = lawDensities(constants.mixture, alpha, delta, round, constants.x);
    const cutoff = cutoffDegree(alpha, delta);
    const mark = marker(cutoff, constants.degrees[constants.degrees.length - 1] + 0.5, "cut-off");
    return {
      round: laws.round,
      limit: laws.limit,
      transfer: constants.degrees.map((n) => transfer(n, alpha, delta)),
      cutoff: mark.line,
      beyond: mark.edge,
      status: `α = ${short(alpha)}, δ = ${short(delta)}, round ${round}: τ = δ/α = ${short(delta / alpha)}, `
        + `cut-off degree ${short(cutoff)}, distance to the limit (TV) ${distance(totalVariation(constants.mixture, alpha, delta, round))}, `
        + `bound (1−α)^i ${distance((1 - alpha) ** round)}`,
    };
  },

  ages(constants, { alpha, delta, round }) {
    const laws = lawDensities(constants.mixture, alpha, delta, round, constants.x);
    const mass = (j) => (j < round ? alpha * (1 - alpha) ** (j - 1) : j === round ? (1 - alpha) ** Math.max(round - 1, 0) : 0);
    const last = constants.ages[constants.ages.length - 1];
    const hidden = round > last ? (1 - alpha) ** last : 0;
    const never = (1 - alpha) ** round;
    const mean = round === 0 ? 0 : (1 - (1 - alpha) ** round) / alpha;
    return {
      round: laws.round,
      ages: constants.ages.map((j) => (round === 0 ? Number(j === 0) : j === 0 ? 0 : mass(j))),
      beyond: hidden > 0 ? `${percent(hidden)} older →` : "",
      status: `α = ${short(alpha)}, δ = ${short(delta)}, round ${round}: mean age ${short(mean)} ${short(mean) === "1" ? "truncation" : "truncations"}, `
        + `mean diffusion time ${short(delta * mean)}; share at age ${round}: ${percent(mass(round))}; `
        + `never refreshed: ${percent(never)}`,
    };
  },

  spectrum(constants, { alpha, delta, degree }) {
    constants.basis ??= hermiteFunctions(constants.coefficients.length - 1, constants.x);
    const kept = constants.coefficients.map((c, n) => c * transfer(n, alpha, delta));
    const series = densityFromHermite(kept.slice(0, degree + 1), constants.basis);
    const laws = lawDensities(constants.mixture, alpha, delta, 1, constants.x);
    const cutoff = cutoffDegree(alpha, delta);
    const mark = marker(cutoff, constants.degrees[constants.degrees.length - 1] + 0.5, "cut-off");
    let gap = 0;
    series.forEach((value, i) => { gap = Math.max(gap, Math.abs(value - laws.limit[i])); });
    return {
      limit: laws.limit,
      series,
      kept: constants.degrees.map((n) => kept[n]),
      cutoff: mark.line,
      beyond: mark.edge,
      status: `α = ${short(alpha)}, δ = ${short(delta)}: cut-off degree ${short(cutoff)}; the series up to degree ${degree} `
        + `misses the limit by at most ${short(gap)}, lowest value shown ${short(Math.min(...series))}`
        + (negativeInTail(constants.coefficients.slice(0, degree + 1)) ? ", negative in a tail" : ""),
    };
  },
};
