import { cutoffDegree, lawDensities, transfer } from "./core.js";
import { densityFromHermite, hermiteFunctions } from "./hermite.js";
import { marker, short } from "./words.js";

// Whether the series of these coefficients is negative on a half-line: the last one that is not zero has odd degree or is
// negative (prop-reconstruction). What is below rounding counts as zero.
function negativeInTail(coefficients) {
  let last = coefficients.length - 1;
  while (last > 0 && Math.abs(coefficients[last]) < 1e-14) last--;
  return last % 2 === 1 || coefficients[last] < 0;
}

// The modes of chapter 4 and the series cut at a degree.
export function spectrumModel(constants, { alpha, delta, degree }) {
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
}
