// The standard normal law, its density and its distribution function, and mixtures of normal laws on the line.

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

// The mixture {weights, means, variances} with the share `signal` of its values kept and noise of variance `lost` added, ready for
// the densities below: each component with its factor before the exponential, and its rate in the exponent.
export function noised({ weights, means, variances }, signal, lost = 1 - signal * signal) {
  const after = variances.map((v) => signal * signal * v + lost);
  return {
    weights, means: means.map((m) => signal * m), variances: after, rates: after.map((v) => -0.5 / v),
    factors: weights.map((weight, k) => weight * LEVEL / Math.sqrt(after[k])),
  };
}

// The same after the time t.
export function noisedFor(mixture, t) {
  return noised(mixture, Math.exp(-t), -Math.expm1(-2 * t));
}

// Weight times density of component k.
export function componentDensity({ means, rates, factors }, k, x) {
  const gap = x - means[k];
  return factors[k] * Math.exp(rates[k] * gap * gap);
}

export function mixtureDensity(law, x) {
  let sum = 0;
  for (let k = 0; k < law.factors.length; k++) sum += componentDensity(law, k, x);
  return sum;
}

// Add the density to the values at the increasing points x, component by component: where a law takes some 80 mixtures
// this is twice as fast as point by point. A component is left out where it is below exp(-40) of its height.
export function addMixture({ means, rates, factors }, values, x) {
  for (let k = 0; k < factors.length; k++) {
    const [mean, rate, factor] = [means[k], rates[k], factors[k]];
    const reach = Math.sqrt(-40 / rate);
    for (let i = 0; i < x.length; i++) {
      const gap = x[i] - mean;
      if (gap < -reach) continue;
      if (gap > reach) break;
      values[i] += factor * Math.exp(rate * gap * gap);
    }
  }
}
