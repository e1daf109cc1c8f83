import { ageMass, oldestAge } from "./core.js";

// The loop for any data on the line made of narrow or wide bells: every law of it is a sum over ages of the noised data P_t p*.
// As a function of t these are analytic. They are tabulated once for a data law, on a grid of x and at Chebyshev points of t,
// and a law of the loop is a combination of the rows of that table, to about 1e-10.
const LEAST_VARIANCE = 0.01;  // the least variance of a bell
const NEAR_SIGNAL = 0.8;  // above it, Chebyshev points in ln(1 - u^2 + LEAST_VARIANCE), u = exp(-t); below it, in u
const NEAR_COUNT = 28;
const FAR_COUNT = 22;
const TABLE_ROWS = NEAR_COUNT + FAR_COUNT - 1;  // both share the row of u = NEAR_SIGNAL
const GRID_STEP = 1 / 64;
const GRID_REACH = 8.5;  // the grid covers [-GRID_REACH, GRID_REACH]
export const GRID_SIZE = 2 * GRID_REACH / GRID_STEP + 1;

function chebyshev(count, first, last) {
  return Float64Array.from({ length: count }, (_, k) => (first + last) / 2 + (first - last) / 2 * Math.cos(Math.PI * k / (count - 1)));
}

const NEAR_NODES = chebyshev(NEAR_COUNT, Math.log(LEAST_VARIANCE), Math.log(1 - NEAR_SIGNAL * NEAR_SIGNAL + LEAST_VARIANCE));
const FAR_NODES = chebyshev(FAR_COUNT, NEAR_SIGNAL, 0);

// u^2 of a row, and its complement without cancellation.
function rowSignal(row) {
  if (row >= NEAR_COUNT) return [FAR_NODES[row - NEAR_COUNT + 1] ** 2, 1 - FAR_NODES[row - NEAR_COUNT + 1] ** 2];
  const lost = row === 0 ? 0 : Math.exp(NEAR_NODES[row]) - LEAST_VARIANCE;
  return [1 - lost, lost];
}

export function gridPoint(i) {
  return i * GRID_STEP - GRID_REACH;
}

// Add weight N(mean, variance) to the grid values from `start` on: outwards from the mean, each value from the one before.
function addBell(values, start, weight, mean, variance) {
  const centre = Math.min(GRID_SIZE - 1, Math.max(0, Math.round((mean + GRID_REACH) / GRID_STEP)));
  const offset = gridPoint(centre) - mean;
  const rate = -0.5 / variance;
  const many = Math.ceil(Math.sqrt(64 * variance) / GRID_STEP);  // beyond, the bell is below exp(-32) of its height
  const bend = Math.exp(2 * rate * GRID_STEP * GRID_STEP);
  const height = weight / Math.sqrt(2 * Math.PI * variance) * Math.exp(rate * offset * offset);
  values[start + centre] += height;
  let [right, left] = [Math.exp(rate * GRID_STEP * (GRID_STEP + 2 * offset)), Math.exp(rate * GRID_STEP * (GRID_STEP - 2 * offset))];
  let [up, down] = [height * right, height * left];
  const [above, below] = [Math.min(many, GRID_SIZE - 1 - centre), Math.min(many, centre)];
  const both = Math.min(above, below);
  const middle = start + centre;
  for (let j = 1; j <= both; j++) {  // two chains of products at once
    values[middle + j] += up;
    values[middle - j] += down;
    right *= bend;
    left *= bend;
    up *= right;
    down *= left;
  }
  for (let j = both + 1; j <= above; j++) { values[middle + j] += up; right *= bend; up *= right; }
  for (let j = both + 1; j <= below; j++) { values[middle - j] += down; left *= bend; down *= left; }
}

// The table of a mixture {weights, means, variances}: row after row of GRID_SIZE densities; and the greatest of them.
export function tableOf(mixture, table = new Float64Array(TABLE_ROWS * GRID_SIZE)) {
  table.fill(0);
  for (let row = 0; row < TABLE_ROWS; row++) {
    const [kept, lost] = rowSignal(row);
    const u = Math.sqrt(kept);
    for (let k = 0; k < mixture.weights.length; k++) {
      if (mixture.weights[k] === 0) continue;
      addBell(table, row * GRID_SIZE, mixture.weights[k], u * mixture.means[k], kept * mixture.variances[k] + lost);
    }
  }
  let top = 0;
  for (let i = 0; i < table.length; i++) if (table[i] > top) top = table[i];
  return { table, top };
}

const quotients = new Float64Array(NEAR_COUNT);

// Add a mass at age time t to the weights of the rows: barycentric interpolation.
function addAge(weights, t, mass) {
  const near = t < -Math.log(NEAR_SIGNAL);
  const nodes = near ? NEAR_NODES : FAR_NODES;
  const at = near ? Math.log(LEAST_VARIANCE - Math.expm1(-2 * t)) : Math.exp(-t);
  const first = near ? 0 : NEAR_COUNT - 1;
  let sum = 0;
  for (let k = 0; k < nodes.length; k++) {
    const gap = at - nodes[k];
    if (Math.abs(gap) < 1e-15) { weights[first + k] += mass; return; }  // at a node, or as old as can be
    const end = k === 0 || k === nodes.length - 1 ? 0.5 : 1;
    quotients[k] = (k % 2 ? -end : end) / gap;
    sum += quotients[k];
  }
  for (let k = 0; k < nodes.length; k++) weights[first + k] += mass * quotients[k] / sum;
}

// Weights of the rows after each of the rounds 0..N of a schedule of N truncation times, from the data.
export function roundWeights(alpha, schedule) {
  const oldest = oldestAge(alpha, 1e-17);
  const all = [Float64Array.from({ length: TABLE_ROWS }, (_, row) => Number(row === 0))];
  for (let rounds = 1; rounds <= schedule.length; rounds++) {
    const weights = new Float64Array(TABLE_ROWS);
    let time = 0;
    for (let age = 1; age <= Math.min(rounds, oldest); age++) {
      time += schedule[rounds - age];
      addAge(weights, time, ageMass(alpha, rounds, age));
    }
    all.push(weights);
  }
  return all;
}

// The same for the limit law of a constant schedule; ages of a mass below 1e-12 together count as the oldest.
export function limitWeights(alpha, delta) {
  const weights = new Float64Array(TABLE_ROWS);
  const oldest = oldestAge(alpha, 1e-12);
  for (let age = 1; age <= oldest; age++) addAge(weights, age * delta, ageMass(alpha, oldest, age));
  return weights;
}

// Density, its slope and distribution function on the grid; `law` is filled and returned.
export function emptyLaw() {
  return { density: new Float64Array(GRID_SIZE), slope: new Float64Array(GRID_SIZE), below: new Float64Array(GRID_SIZE) };
}

export function combine(table, weights, law = emptyLaw()) {
  const { density } = law;
  density.fill(0);
  let row = 0;
  for (; row + 3 < weights.length; row += 4) addRows(table, density, row, weights);
  for (; row < weights.length; row++) {
    const [weight, start] = [weights[row], row * GRID_SIZE];
    for (let i = 0; i < GRID_SIZE; i++) density[i] += weight * table[start + i];
  }
  return completed(law);
}

// Four rows at a time: a law is read and written a quarter as often.
function addRows(table, density, row, weights) {
  const [a, b, c, d] = [weights[row], weights[row + 1], weights[row + 2], weights[row + 3]];
  if (a === 0 && b === 0 && c === 0 && d === 0) return;
  const first = row * GRID_SIZE;
  const second = first + GRID_SIZE;
  const third = second + GRID_SIZE;
  const fourth = third + GRID_SIZE;
  for (let i = 0; i < GRID_SIZE; i++) {
    density[i] += a * table[first + i] + b * table[second + i] + c * table[third + i] + d * table[fourth + i];
  }
}

// Central differences and the quadrature of a cell from six points: errors of order GRID_STEP^6; outside of the grid all is zero.
function completed(law) {
  const { density, slope, below } = law;
  for (let i = 3; i < GRID_SIZE - 3; i++) {
    slope[i] = (45 * (density[i + 1] - density[i - 1]) - 9 * (density[i + 2] - density[i - 2]) + density[i + 3] - density[i - 3])
      / (60 * GRID_STEP);
  }
  below[0] = below[1] = below[2] = 0;
  for (let i = 2; i < GRID_SIZE - 3; i++) {
    below[i + 1] = below[i] + GRID_STEP / 1440 * (802 * (density[i] + density[i + 1]) - 93 * (density[i - 1] + density[i + 2])
      + 11 * (density[i - 2] + density[i + 3]));
  }
  for (let i = GRID_SIZE - 2; i < GRID_SIZE; i++) below[i] = below[GRID_SIZE - 3];
  return law;
}

// The distribution function in a cell as the polynomial of degree five that has its value and two derivatives at both ends.
export function cellOf(law, i, cell) {
  const { density, slope, below } = law;
  const rise = below[i + 1] - below[i];
  cell[0] = below[i];
  cell[1] = GRID_STEP * density[i];
  cell[2] = GRID_STEP * GRID_STEP * slope[i] / 2;
  const a = rise - cell[1] - cell[2];
  const b = GRID_STEP * density[i + 1] - cell[1] - 2 * cell[2];
  const c = (GRID_STEP * GRID_STEP * slope[i + 1] - 2 * cell[2]) / 2;
  cell[3] = 10 * a - 4 * b + c;
  cell[4] = -15 * a + 7 * b - 2 * c;
  cell[5] = 6 * a - 3 * b + c;
  return cell;
}

// The grid's number of a point that lies on it.
export function gridIndex(x) {
  return Math.round((x + GRID_REACH) / GRID_STEP);
}
