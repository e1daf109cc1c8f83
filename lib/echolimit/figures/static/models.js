import { cutoffDegree, lawDensities, transfer } from "./core.js";
import { densityFromHermite, hermiteFunctions } from "./hermite.js";

// A number with three significant digits, without trailing zeros.
export function short(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e5) return value.toExponential(1).replace("e-", "e−").replace("e+", "e");
  return String(Number(value.toPrecision(3))).replace("-", "−");
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
        + `cut-off degree ${short(cutoff)}, distance to the limit (TV) at most ${short((1 - alpha) ** round)}`,
    };
  },

  ages(constants, { alpha, delta, round }) {
    const laws = lawDensities(constants.mixture, alpha, delta, round, constants.x);
    const mass = (j) => (j < round ? alpha * (1 - alpha) ** (j - 1) : j === round ? (1 - alpha) ** Math.max(round - 1, 0) : 0);
    const last = constants.ages[constants.ages.length - 1];
    const hidden = round > last ? (1 - alpha) ** last : 0;
    const mean = round === 0 ? 0 : (1 - (1 - alpha) ** round) / alpha;
    return {
      round: laws.round,
      ages: constants.ages.map((j) => (round === 0 ? Number(j === 0) : j === 0 ? 0 : mass(j))),
      beyond: hidden > 0 ? `${short(100 * hidden)} % older →` : "",
      status: `α = ${short(alpha)}, δ = ${short(delta)}, round ${round}: mean age ${short(mean)} truncations, `
        + `mean diffusion time ${short(delta * mean)}, never refreshed ${short(100 * (1 - alpha) ** round)} %`,
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
        + `misses the limit by at most ${short(gap)}, lowest value ${short(Math.min(...series))}`,
    };
  },
};
