import { mixtureDensity, noised } from "./normal.js";
import { readMixture } from "./texts.js";

// What the reader may start the loop from: a law of the list, a typed mixture, or a curve drawn over the `places` of the constants,
// which stands for a mixture of as many bells of the width `pen`. A drawing is kept as heights 0..tallest, and in a link as two
// characters each.
const HEIGHT_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

export function nearestPlace(places, x) {
  const k = Math.round((x - places[0]) / (places[1] - places[0]));
  return Math.min(places.length - 1, Math.max(0, k));
}

export function packHeights(heights) {
  return heights.map((height) => HEIGHT_DIGITS[height >> 6] + HEIGHT_DIGITS[height & 63]).join("");
}

// The heights that a text of digits stands for, or null: too few or too many, above the tallest, or all zero.
export function unpackHeights({ places, tallest }, text) {
  if (typeof text !== "string" || text.length !== 2 * places.length) return null;
  const heights = places.map((_, k) => 64 * HEIGHT_DIGITS.indexOf(text[2 * k]) + HEIGHT_DIGITS.indexOf(text[2 * k + 1]));
  const good = [...text].every((digit) => HEIGHT_DIGITS.includes(digit)) && heights.every((height) => height <= tallest);
  return good && heights.some((height) => height > 0) ? heights : null;
}

function drawnMixture({ places, pen }, heights) {
  const total = heights.reduce((sum, height) => sum + height, 0);
  return { weights: heights.map((height) => height / total), means: places, variances: heights.map(() => pen * pen) };
}

// The heights of a law's density at the places, where the height `top` counts as the tallest; at least one is not zero.
export function heightsOf({ places, tallest }, mixture, top) {
  const law = noised(mixture, 1);
  const heights = places.map((place) => Math.min(tallest, Math.round(tallest * mixtureDensity(law, place) / top)));
  return heights.some((height) => height > 0) ? heights : heights.map(() => 1);
}

export function chosenMixture(constants, { data, mixture, heights }) {
  const { presets } = constants;
  if (data === "typed") return readMixture(mixture);
  if (data === "drawn") return drawnMixture(constants, unpackHeights(constants, heights) ?? heightsOf(constants, presets.example, 1));
  return presets[data];
}

export function momentsOf({ weights, means, variances }) {
  let [mean, second] = [0, 0];
  for (let k = 0; k < weights.length; k++) {
    mean += weights[k] * means[k];
    second += weights[k] * (variances[k] + means[k] * means[k]);
  }
  return { mean, variance: second - mean * mean };
}

// Hermite coefficients E h_n(X) of the degrees 0..degree, by their recurrence.
export function hermiteModes({ weights, means, variances }, degree) {
  const total = new Array(degree + 1).fill(0);
  for (let k = 0; k < weights.length; k++) {
    let [before, now] = [0, 1];
    for (let n = 0; n <= degree; n++) {
      total[n] += weights[k] * now;
      [before, now] = [now, (means[k] * now + Math.sqrt(n) * (variances[k] - 1) * before) / Math.sqrt(n + 1)];
    }
  }
  return total;
}
