import { readMixture } from "./texts.js";

// What the reader may start the loop from: a law of the list, a typed mixture, or a curve drawn over 61 places, which stands for a
// mixture of as many narrow bells. A drawing is kept as heights 0..1000, and in a link as two characters each.
export const PLACES = 61;
const PLACE_GAP = 0.12;
const DRAWN_WIDTH = 0.1;
export const TALLEST = 1000;
const HEIGHT_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

export function placeAt(k) {
  return Number(((k - (PLACES - 1) / 2) * PLACE_GAP).toFixed(2));
}

export function nearestPlace(x) {
  return Math.min(PLACES - 1, Math.max(0, Math.round(x / PLACE_GAP) + (PLACES - 1) / 2));
}

export function packHeights(heights) {
  return heights.map((height) => HEIGHT_DIGITS[height >> 6] + HEIGHT_DIGITS[height & 63]).join("");
}

// The heights that a text of digits stands for, or null: too few or too many, above TALLEST, or all zero.
export function unpackHeights(text) {
  if (typeof text !== "string" || text.length !== 2 * PLACES) return null;
  const heights = Array.from({ length: PLACES }, (_, k) => 64 * HEIGHT_DIGITS.indexOf(text[2 * k]) + HEIGHT_DIGITS.indexOf(text[2 * k + 1]));
  const good = [...text].every((digit) => HEIGHT_DIGITS.includes(digit)) && heights.every((height) => height <= TALLEST);
  return good && heights.some((height) => height > 0) ? heights : null;
}

export function drawnMixture(heights) {
  const total = heights.reduce((sum, height) => sum + height, 0);
  return {
    weights: heights.map((height) => height / total),
    means: heights.map((_, k) => placeAt(k)),
    variances: heights.map(() => DRAWN_WIDTH * DRAWN_WIDTH),
  };
}

export function densityAt(mixture, x) {
  let sum = 0;
  for (let k = 0; k < mixture.weights.length; k++) {
    const variance = mixture.variances[k];
    sum += mixture.weights[k] / Math.sqrt(2 * Math.PI * variance) * Math.exp((x - mixture.means[k]) ** 2 / (-2 * variance));
  }
  return sum;
}

// The heights of a law's density at the places, where the height `top` counts as TALLEST; at least one is not zero.
export function heightsOf(mixture, top) {
  const heights = Array.from({ length: PLACES }, (_, k) => {
    return Math.min(TALLEST, Math.round(TALLEST * densityAt(mixture, placeAt(k)) / top));
  });
  return heights.some((height) => height > 0) ? heights : heights.map(() => 1);
}

export function chosenMixture(presets, { data, mixture, heights }) {
  if (data === "typed") return readMixture(mixture);
  if (data === "drawn") return drawnMixture(unpackHeights(heights) ?? heightsOf(presets.example, 1));
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
