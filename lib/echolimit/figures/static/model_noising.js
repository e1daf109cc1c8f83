import { mixtureDensity, noisedFor } from "./normal.js";
import { short } from "./words.js";

// Chapter 1: the mixture noised for the time t, its density, its score and the slope of its score at the points x.
function noisedCurves(mixture, t, x) {
  const law = noisedFor(mixture, t);
  const logs = law.factors.map(Math.log);
  const [density, score, slope] = [0, 1, 2].map(() => new Float64Array(x.length));
  for (let i = 0; i < x.length; i++) {
    const heights = logs.map((log, k) => log - 0.5 * (x[i] - law.means[k]) ** 2 / law.variances[k]);
    const top = Math.max(...heights);  // far from all points each component is below the least number: sum relative to the largest
    let sum = 0;
    let first = 0;
    let second = 0;
    heights.forEach((height, k) => {
      const pull = (law.means[k] - x[i]) / law.variances[k];
      const mass = Math.exp(height - top);
      sum += mass;
      first += mass * pull;
      second += mass * (pull * pull - 1 / law.variances[k]);
    });
    density[i] = mixtureDensity(law, x[i]);
    score[i] = first / sum;
    slope[i] = second / sum - score[i] * score[i];
  }
  return { density, score, slope };
}

// E |score|^2 by the trapezoidal rule, in steps of a sixth of the least standard deviation: three digits are said.
function scoreEnergy(mixture, t) {
  const least = Math.sqrt(Math.exp(-2 * t) * Math.min(...mixture.variances) - Math.expm1(-2 * t));
  const reach = 6 * Math.sqrt(Math.exp(-2 * t) * Math.max(...mixture.variances) - Math.expm1(-2 * t));
  const low = Math.exp(-t) * Math.min(...mixture.means) - reach;
  const high = Math.exp(-t) * Math.max(...mixture.means) + reach;
  const count = Math.min(1000, Math.ceil(6 * (high - low) / least));
  const step = (high - low) / count;
  const law = noisedCurves(mixture, t, Float64Array.from({ length: count + 1 }, (_, i) => low + i * step));
  let sum = 0;
  for (let i = 0; i <= count; i++) sum += law.density[i] * law.score[i] * law.score[i];
  return sum * step;
}

// Where the score falls through zero there is a peak of the density.
function peaksOf(score) {
  let peaks = 0;
  for (let i = 1; i < score.length; i++) if (score[i - 1] > 0 && score[i] <= 0) peaks++;
  return peaks;
}

export function noisingModel({ mixture, x }, { t }) {
  const { density, score, slope } = noisedCurves(mixture, t, x);
  const peaks = peaksOf(score);
  let [least, most] = [Infinity, -Infinity];
  for (const value of slope) [least, most] = [Math.min(least, value), Math.max(most, value)];
  return {
    density,
    score,
    status: `t = ${short(t)}: signal ${short(Math.exp(-t))}, noise ${short(Math.sqrt(-Math.expm1(-2 * t)))}; `
      + `${peaks} ${peaks === 1 ? "peak" : "peaks"}; mean square of the score ${short(scoreEnergy(mixture, t))}; `
      + `its slope lies between ${short(least)} and ${short(most)}`,
  };
}
