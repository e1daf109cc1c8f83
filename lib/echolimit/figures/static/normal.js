// The standard normal law: its density and its distribution function.

const LEVEL = 1 / Math.sqrt(2 * Math.PI);

export function normalDensity(x) {
  return LEVEL * Math.exp(-x * x / 2);
}

// P(Z <= x), with a relative error below 1e-12 in the lower tail as well. Within three standard deviations of the centre it is
// the series 1/2 + phi(x) (x + x^3/3 + x^5/15 + ...), beyond them Laplace's continued fraction of the tail.
export function normalCdf(x) {
  if (x > 3) return 1 - normalCdf(-x);
  if (x < -3) {
    let below = -x;
    for (let k = 12 + Math.ceil(500 / (x * x)); k > 0; k--) below = k / below - x;
    return normalDensity(x) / below;
  }
  let term = x;
  let sum = x;
  for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2) {
    term *= x * x / k;
    sum += term;
  }
  return 0.5 + normalDensity(x) * sum;
}
