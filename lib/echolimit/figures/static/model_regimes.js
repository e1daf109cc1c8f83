import { marker, short } from "./words.js";

// The map of chapter 7: the drift of a loop with fresh share alpha whose rounds err by `error` in the norm of L^2(1/p*).

// chi2 to N(0, 1) after the rounds 1..count of the loop whose rounds shift all samples by r, r^2 = square: with the masses
// w_j = alpha beta^(j-1) of the ages j < N and beta^(N-1) of the age N, the double sum of w_j w_k expm1(j k r^2). Masses and
// exponents are joined in logarithms where one of them may leave the range of numbers.
function shiftDrift(alpha, square, count) {
  if (alpha === 1) return new Array(count).fill(Math.expm1(square));
  const logStale = Math.log1p(-alpha);
  const term = (logMass, exponent) => (exponent < 30 ? Math.exp(logMass) * Math.expm1(exponent) : Math.exp(logMass + exponent));
  const drift = [];
  let settled = 0;  // the part of the ages below N, which no later round changes
  for (let round = 1; round <= count; round++) {
    const logLast = (round - 1) * logStale;
    const own = term(2 * logLast, round * round * square);
    let mixed = 0;
    for (let age = 1; age < round; age++) mixed += term((age - 1) * logStale + logLast, age * round * square);
    mixed *= alpha;
    drift.push(settled + 2 * mixed + own);
    settled += 2 * alpha * mixed + alpha * alpha * own;
  }
  return drift;
}

// Squared norms for errors of one size whose signs alternate, and their mean for uncorrelated ones.
function signedDrifts(alpha, error, count) {
  const [alternating, random] = [[], []];
  let amplitude = 0;
  let square = 0;
  for (let k = 0; k < count; k++) {
    amplitude = error - (1 - alpha) * amplitude;  // seen with the sign of the last error
    square = error * error + (1 - alpha) * (1 - alpha) * square;
    alternating.push(amplitude * amplitude);
    random.push(square);
  }
  return { alternating, random };
}

function verdict(alpha, error, root) {
  if (error <= alpha * root) return "held whatever the signs";
  if (error > (2 - alpha) * root) return "lost whatever the signs";
  return `the signs decide, random ones ${error <= Math.sqrt(alpha * (2 - alpha)) * root ? "hold" : "exceed it"}`;
}

// The curve up to its first point above the panel.
function upTo(top, values) {
  const leaves = values.findIndex((value) => value > top);
  return leaves < 0 ? values : values.map((value, k) => (k <= leaves ? value : NaN));
}

export function regimesModel(constants, { alpha, error, tolerance }) {
  const { shares, rounds } = constants;
  const count = rounds.length;
  const root = Math.sqrt(tolerance);
  const square = Math.log1p(error * error);  // r^2 of the shift whose first error has this size: expm1(r^2) = error^2
  const same = shiftDrift(alpha, square, count);
  const onset = -2 * Math.log1p(-alpha) / square;
  const mark = Number.isFinite(onset) ? marker(onset, rounds[count - 1], "N*") : { line: null, edge: "" };
  const past = same.findIndex((drift) => drift > tolerance);
  const x2 = error * error;
  return {
    line_same: shares.map((a) => a * root),
    line_random: shares.map((a) => Math.sqrt(a * (2 - a)) * root),
    line_alternating: shares.map((a) => (2 - a) * root),
    here: [[alpha, error]],
    ...signedDrifts(alpha, error, count),
    same: upTo(constants.top, same),
    tolerance: [tolerance, tolerance],
    onset: mark.line,
    beyond: mark.edge,
    status: `α = ${short(alpha)}, x = ${short(error)}, D = ${short(tolerance)}: errors that keep this size: ${verdict(alpha, error, root)}, long-run drift `
      + `${short(x2 / (2 - alpha) ** 2)} alternating, ${short(x2 / (alpha * (2 - alpha)))} random, ${short(x2 / alpha ** 2)} same sign; `
      + `the shift loop, whose errors grow, ${past < 0 ? `keeps below D for ${count} rounds` : `passes D in round ${past + 1}`}`
      + (Number.isFinite(onset) ? `, onset N* = ${short(onset)}` : ""),
  };
}
