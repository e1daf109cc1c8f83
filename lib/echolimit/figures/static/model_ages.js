import { ageMass, lawDensities, meanAge } from "./core.js";
import { percent, short } from "./words.js";

// The ages of chapter 2 and the density that they make.
export function agesModel(constants, { alpha, delta, round }) {
  const laws = lawDensities(constants.mixture, alpha, delta, round, constants.x);
  const last = constants.ages[constants.ages.length - 1];
  const hidden = round > last ? (1 - alpha) ** last : 0;
  const never = (1 - alpha) ** round;
  const mean = meanAge(alpha, round);
  return {
    round: laws.round,
    ages: constants.ages.map((j) => ageMass(alpha, round, j)),
    beyond: hidden > 0 ? `${percent(hidden)} older →` : "",
    status: `α = ${short(alpha)}, δ = ${short(delta)}, round ${round}: mean age ${short(mean)} ${short(mean) === "1" ? "truncation" : "truncations"}, `
      + `mean diffusion time ${short(delta * mean)}; share at age ${round}: ${percent(ageMass(alpha, round, round))}; `
      + `never refreshed: ${percent(never)}`,
  };
}
