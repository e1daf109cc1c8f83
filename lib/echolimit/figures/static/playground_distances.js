import { cellOf, GRID_SIZE, gridPoint } from "./playground_laws.js";
import { normalCdf, normalDensity } from "./normal.js";

// Distances on the line from distribution functions on the grid of playground_laws.js.
const cellScratch = new Float64Array(6);
const dataScratch = new Float64Array(6);
const GAUSS_POINTS = [-Math.sqrt(0.6), 0, Math.sqrt(0.6)];
const GAUSS_WEIGHTS = [5 / 9, 8 / 9, 5 / 9];
const PER_GRID_STEP = 1 / (gridPoint(1) - gridPoint(0));
const THIN_BELL = 1 / 16;  // the least standard deviation that the grid sees well

function valueIn(c, t) {
  return c[0] + t * (c[1] + t * (c[2] + t * (c[3] + t * (c[4] + t * c[5]))));
}

function slopeIn(c, t) {
  return c[1] + t * (2 * c[2] + t * (3 * c[3] + t * (4 * c[4] + t * 5 * c[5])));
}

// Where in [0, 1] the polynomial of a cell, which rises, takes a value: Newton's method, kept inside by halving.
function placeIn(c, value, rise) {
  let low = 0;
  let high = 1;
  let t = rise > 0 ? Math.min(1, Math.max(0, (value - c[0]) / rise)) : 0.5;
  for (let step = 0; step < 40; step++) {
    const gap = valueIn(c, t) - value;
    if (Math.abs(gap) < 1e-16) return t;  // of 1: no nearer place can be told apart
    if (gap > 0) high = t;
    else low = t;
    const move = gap / slopeIn(c, t);
    const next = t - move;
    if (next >= low && next <= high) {
      t = next;
      if (Math.abs(move) < 1e-7) return t;  // the next move would be its square
    } else {
      t = (low + high) / 2;
      if (high - low < 1e-12) return t;
    }
  }
  return t;
}

// W2: the root mean square way of the monotone map S from the data to a law, by Gauss' rule with three points on pairs of cells.
// Where the law is much thinner than the data S runs fast: there a pair is cut into parts.
export function transportDistance(data, law) {
  const state = { at: 0, steepest: 0 };
  let total = 0;
  for (let k = 0; k < GRID_SIZE - 2; k += 2) {
    if (data.density[k] + data.density[k + 1] + data.density[k + 2] < 1e-13) continue;
    const start = state.at;
    state.steepest = 0;
    let way = 0;
    for (let point = 0; point < 3; point++) {
      const number = 3 * k / 2 + point;
      const moved = squaredMove(law, k + 1 + GAUSS_POINTS[point], data.points.below[number], data.points.mass[number], state);
      way += GAUSS_WEIGHTS[point] * moved;
    }
    if (state.steepest > 5) {
      const parts = state.steepest > 20 ? 16 : 4;
      state.at = start;
      way = squaredWay(data, law, k, parts, state);
    }
    total += way;
  }
  return Math.sqrt(total / PER_GRID_STEP ** 2);
}

// Distribution function and density, per grid step, of the data at the Gauss points of all pairs of cells.
export function gaussPoints(data) {
  const count = 3 * (GRID_SIZE - 1) / 2;
  const [below, mass] = [new Float64Array(count), new Float64Array(count)];
  for (let number = 0; number < count; number++) {
    const x = 2 * Math.floor(number / 3) + 1 + GAUSS_POINTS[number % 3];
    cellOf(data, Math.floor(x), dataScratch);
    below[number] = valueIn(dataScratch, x - Math.floor(x));
    mass[number] = slopeIn(dataScratch, x - Math.floor(x));
  }
  return { below, mass };
}

// The square of the way from x, in grid steps, where the data have the distribution function `value`, times the mass there.
function squaredMove(law, x, value, mass, state) {
  if (mass < 1e-15) return 0;
  while (state.at < GRID_SIZE - 2 && law.below[state.at + 1] < value) state.at++;
  const i = state.at;
  const image = placeIn(cellOf(law, i, cellScratch), value, law.below[i + 1] - law.below[i]);
  const steepness = mass / slopeIn(cellScratch, image);
  if (steepness > state.steepest) state.steepest = steepness;
  return (i + image - x) ** 2 * mass;
}

// The integral of the squared way over the cells k and k + 1 of the data, cut into `parts`.
function squaredWay(data, law, k, parts, state) {
  let total = 0;
  for (let part = 0; part < parts; part++) {
    for (let point = 0; point < 3; point++) {
      const x = k + (2 * part + 1 + GAUSS_POINTS[point]) / parts;
      const i = Math.floor(x);
      cellOf(data, i, dataScratch);
      total += GAUSS_WEIGHTS[point] * squaredMove(law, x, valueIn(dataScratch, x - i), slopeIn(dataScratch, x - i), state);
    }
  }
  return total / parts;
}

// Total variation: half the total rise and fall of the difference of the distribution functions, between the sign changes of
// the difference of the densities.
export function variationDistance(data, law) {
  let total = 0;
  let before = 0;
  let left = law.density[0] - data.density[0];
  for (let i = 0; i < GRID_SIZE - 1; i++) {
    const right = law.density[i + 1] - data.density[i + 1];
    if (left > 0 !== right > 0 && Math.abs(left) + Math.abs(right) > 1e-13) {
      const now = gapAt(law, data, i, crossing(law, data, i, left, right));
      total += Math.abs(now - before);
      before = now;
    }
    left = right;
  }
  return Math.min(1, (total + Math.abs(before)) / 2);
}

// Where the densities of two laws cross in a cell: on the chord, then one step of Newton's method with the chord's slope.
function crossing(law, data, i, left, right) {
  const place = left / (left - right);
  const there = (slopeIn(cellOf(law, i, cellScratch), place) - slopeIn(cellOf(data, i, cellScratch), place)) * PER_GRID_STEP;
  return Math.min(1, Math.max(0, place - there / (right - left)));
}

function gapAt(law, data, i, place) {
  return valueIn(cellOf(law, i, cellScratch), place) - valueIn(cellOf(data, i, cellScratch), place);
}

// The data's density and distribution function at any x.
function dataAt(data, x, out) {
  const place = Math.min(GRID_SIZE - 1.000001, Math.max(0, (x - gridPoint(0)) * PER_GRID_STEP));
  const i = Math.floor(place);
  cellOf(data, i, cellScratch);
  out[0] = slopeIn(cellScratch, place - i) * PER_GRID_STEP;
  out[1] = valueIn(cellScratch, place - i);
}

// Total variation between the data and N(mean, deviation^2), on the grid or, for a thin bell, on one of its own.
export function variationToNormal(data, mean, deviation) {
  const own = deviation < THIN_BELL;
  const count = own ? 257 : GRID_SIZE;
  const there = [0, 0];
  let total = 0;
  let before = 0;
  let [lastX, lastGap] = [NaN, NaN];
  for (let k = 0; k < count; k++) {
    const x = own ? mean + deviation * (k - 128) / 16 : gridPoint(k);
    dataAt(data, x, there);
    const now = there[0] - normalDensity((x - mean) / deviation) / deviation;
    if (k > 0 && now > 0 !== lastGap > 0 && Math.abs(now) + Math.abs(lastGap) >= 1e-13) {
      const root = lastX + (x - lastX) * lastGap / (lastGap - now);
      dataAt(data, root, there);
      const difference = there[1] - normalCdf((root - mean) / deviation);
      total += Math.abs(difference - before);
      before = difference;
    }
    [lastX, lastGap] = [x, now];
  }
  return Math.min(1, (total + Math.abs(before)) / 2);
}

// The z with normalCdf(z) = share, by Newton's method from the nearer tail: ln Phi is concave, so that it converges from the left.
function normalQuantile(share) {
  const small = Math.min(share, 1 - share);
  if (!(small > 1e-300)) return share < 0.5 ? -38 : 38;
  let z = -Math.sqrt(-2 * Math.log(small));
  for (let step = 0; step < 30; step++) {
    const tail = normalCdf(z);
    const move = Math.log(small / tail) * tail / normalDensity(z);
    z += move;
    if (Math.abs(move) < 1e-13 * (1 + Math.abs(z))) break;
  }
  return share < 0.5 ? z : -z;
}

// K = int Q(u) z(u) du, Q the data's quantile function and z the normal one, by parts: W2 to N(m, s^2) needs no more of the data.
export function normalOverlap(data) {
  let total = 0;
  for (let i = 0; i < GRID_SIZE; i++) total += data.below[i] > 1e-15 ? normalDensity(normalQuantile(Math.min(data.below[i], 1 - 1e-16))) : 0;
  return total / PER_GRID_STEP;
}

// W2 between data of these moments and N(mean, deviation^2).
export function transportToNormal(moments, overlap, mean, deviation) {
  const root = Math.sqrt(moments.variance);
  return Math.sqrt((moments.mean - mean) ** 2 + (root - deviation) ** 2 + 2 * deviation * Math.max(0, root - overlap));
}
