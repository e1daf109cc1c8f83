import { addMixture, noised } from "./normal.js";

// Closed forms of the recursion: ages, Hermite modes, and the laws of a one-dimensional Gaussian mixture {weights, means, variances}.
// The library (echolimit.recursion, echolimit.schedules) is the reference; tests compare the two over the whole range of the sliders.

// With u = exp(-t) the law after time t has components N(u m, 1 - (1 - v) u^2): analytic in u. A sum over ages j,
// u_j = exp(-j delta), is therefore split into panels of u; in a panel with more than NODES ages the density, as a function of
// u, is replaced by its interpolant at NODES Chebyshev points, so that each law costs at most some 80 evaluations.
//
// Error. For f analytic and at most M in modulus on the Bernstein ellipse of parameter 4 around the panel, the interpolant of
// degree NODES - 1 errs by at most (4/3) M 4^(1 - NODES) (Trefethen, Approximation Theory and Practice, theorem 8.2). For a
// panel of half-length h with right end `top` the ellipse has |Im u| <= 1.875 h and Re u <= top + 1.125 h. Hence
// Re V >= 1 - (1 - v)(top + 1.125 h)^2 for v < 1, and Re V >= 1 - (v - 1)(1.875 h)^2 for v >= 1; and for a real x
// |N(x; m u, V)| <= (2 pi Re V)^(-1/2) exp((m Im u)^2 / (2 Re V)): minimise the real part of the exponent over x. Panels
// shrink until this bound is below PANEL_ERROR; the masses sum to at most 1, so it bounds the error of the whole sum.
// Ages beyond J, (1 - alpha)^J <= TAIL, sit on age J, which moves a density by at most TAIL times its supremum.
const NODES = 16;
const PANEL_ERROR = 1e-8;
const TAIL = 1e-9;

// H_n, the share of the mode of degree n that survives in the limit law.
export function transfer(n, alpha, delta) {
  return alpha / (Math.expm1(n * delta) + alpha);
}

// The degree at which half of a mode survives.
export function cutoffDegree(alpha, delta) {
  return Math.log1p(alpha) / delta;
}

// The shares of the mode of degree n left after the rounds 0..delta.length, from p_0 = p*; alpha: one number, or one a round.
export function modeAmplitudes(n, alpha, delta) {
  const kept = [1];
  for (let i = 0; i < delta.length; i++) {
    const fresh = typeof alpha === "number" ? alpha : alpha[i];
    kept.push(Math.exp(-n * delta[i]) * (fresh + (1 - fresh) * kept[i]));
  }
  return kept;
}

// P(age = j) after `round` rounds from the data: ages are min(G, round), G geometric with the fresh share alpha.
export function ageMass(alpha, round, j) {
  if (j > round || j < Math.min(1, round)) return 0;
  const stale = (1 - alpha) ** Math.max(j - 1, 0);
  return j < round ? alpha * stale : stale;
}

// The age beyond which less than `share` of the limit law lies.
export function oldestAge(alpha, share) {
  return alpha === 1 ? 1 : Math.ceil(Math.log(share) / Math.log1p(-alpha));
}

export function meanAge(alpha, round) {
  return (1 - (1 - alpha) ** round) / alpha;
}

function panelBound(mixture, top, half) {
  const right = top + 1.125 * half;
  const height = 1.875 * half;
  let modulus = 0;
  for (let k = 0; k < mixture.weights.length; k++) {
    const gap = 1 - mixture.variances[k];
    const variance = 1 - (gap > 0 ? gap * right * right : -gap * height * height);
    if (variance <= 0) return Infinity;
    const shift = mixture.means[k] * height;
    modulus += mixture.weights[k] / Math.sqrt(2 * Math.PI * variance) * Math.exp(shift * shift / (2 * variance));
  }
  return 4 / 3 * modulus * 4 ** (1 - NODES);
}

// Points u with the masses of the limit law, all its ages beyond `last` on `last`, and of the law after `round` >= 1 rounds:
// [{u, limit, finite}].
function agePoints(mixture, alpha, delta, round) {
  const last = Math.max(oldestAge(alpha, TAIL), round);
  const [limit, finite] = [last, round].map((rounds) => Float64Array.from({ length: last + 1 }, (_, j) => ageMass(alpha, rounds, j)));
  const points = [];
  let first = 1;
  while (first <= last) {
    const top = Math.exp(-first * delta);
    const few = top * -Math.expm1(-(NODES - 1) * delta) / 2;  // half-length of a panel with NODES ages: those need no rule
    let half = top / 2;
    while (half > few && panelBound(mixture, top, half) > PANEL_ERROR) half *= 0.8;
    const bottom = top - 2 * half;
    let stop = half <= few ? first + NODES - 1 : bottom > 0 ? Math.floor(-Math.log(bottom) / delta) : last;
    stop = Math.min(last, Math.max(stop, first));
    if (stop - first < NODES) {
      for (let j = first; j <= stop; j++) points.push({ u: Math.exp(-j * delta), limit: limit[j], finite: finite[j] });
    } else {
      points.push(...chebyshevPoints(first, stop, delta, top - half, half, limit, finite));
    }
    first = stop + 1;
  }
  return points;
}

// Weights of the Chebyshev points: the interpolant of f, averaged over the ages, is sum_k W_k f(u_k) with
// W_k = (2 / NODES) sum'_n T_n(s_k) mu_n, mu_n = sum_j mass_j T_n(s_j), the term n = 0 halved.
function chebyshevPoints(first, stop, delta, centre, half, limit, finite) {
  const limitMoments = new Float64Array(NODES);
  const finiteMoments = new Float64Array(NODES);
  for (let j = first; j <= stop; j++) {
    const s = (Math.exp(-j * delta) - centre) / half;
    let before = s;
    let now = 1;
    for (let n = 0; n < NODES; n++) {
      limitMoments[n] += limit[j] * now;
      finiteMoments[n] += finite[j] * now;
      [before, now] = [now, 2 * s * now - before];
    }
  }
  const points = [];
  for (let k = 0; k < NODES; k++) {
    const angle = Math.PI * (k + 0.5) / NODES;
    let a = limitMoments[0] / 2;
    let b = finiteMoments[0] / 2;
    for (let n = 1; n < NODES; n++) {
      const value = Math.cos(n * angle);
      a += limitMoments[n] * value;
      b += finiteMoments[n] * value;
    }
    points.push({ u: centre + half * Math.cos(angle), limit: 2 * a / NODES, finite: 2 * b / NODES });
  }
  return points;
}

// Densities at the increasing points x of the law after `round` rounds (started from the data) and of the limit law.
export function lawDensities(mixture, alpha, delta, round, x) {
  const [limit, finite, both] = [0, 1, 2].map(() => new Float64Array(x.length));
  if (round === 0) addMixture(noised(mixture, 1), finite, x);
  for (const point of agePoints(mixture, alpha, delta, Math.max(round, 1))) {
    const share = round > 0 ? point.finite : 0;
    both.fill(0);
    addMixture(noised(mixture, point.u), both, x);
    for (let i = 0; i < x.length; i++) {
      limit[i] += point.limit * both[i];
      finite[i] += share * both[i];
    }
  }
  return { limit, round: finite };
}

// Half the integral of |round - limit| by the trapezoidal rule. The grid holds 5 standard deviations of every component and
// of the standard normal, in steps of at most a quarter of the least one, unless that takes more than 4000. The error stays
// below 1e-3 (tested).
export function totalVariation(mixture, alpha, delta, round) {
  let low = -5;
  let high = 5;
  let least = 1;
  for (let k = 0; k < mixture.weights.length; k++) {
    const width = Math.sqrt(mixture.variances[k]);
    low = Math.min(low, mixture.means[k] - 5 * width);
    high = Math.max(high, mixture.means[k] + 5 * width);
    least = Math.min(least, width);
  }
  const panels = Math.min(4000, Math.max(400, Math.ceil(4 * (high - low) / least)));
  const step = (high - low) / panels;
  const x = Float64Array.from({ length: panels + 1 }, (_, i) => low + i * step);
  const laws = lawDensities(mixture, alpha, delta, round, x);
  let sum = 0;
  for (let i = 0; i <= panels; i++) sum += Math.abs(laws.round[i] - laws.limit[i]) * (i % panels === 0 ? 0.5 : 1);
  return Math.min(1, 0.5 * step * sum);
}
