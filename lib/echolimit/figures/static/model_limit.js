import { cutoffDegree, lawDensities, totalVariation, transfer } from "./core.js";
import { distance, marker, short } from "./words.js";

// The laws of chapter 3 and the share of each mode that survives.
export function limitModel(constants, { alpha, delta, round }) {
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
}
