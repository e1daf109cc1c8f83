import { componentDensity, mixtureDensity, noisedFor, normalCdf, normalDensity } from "./normal.js";
import { short } from "./words.js";

// Chapter 9: two normal starts at time T, carried back to time t by the exact reverse SDE and by the flow of a mixture.
// The rules below integrate analytic functions by the trapezoidal rule, which leaves some 1e-8 at these steps.
const STEP = 0.2;  // of the nodes at time T
const REACH = 33;  // nodes to either side: the starts lie within 6.6
const SCAN = 0.4;  // of the look for changes of sign
// The mixture with its means multiplied, after time t.
function noisedMixture(mixture, separation, t) {
  const law = noisedFor({ ...mixture, means: mixture.means.map((m) => separation * m) }, t);
  return { ...law, widths: law.variances.map(Math.sqrt) };
}

// P(X <= x) for side 1, P(X >= x) for side -1.
function tail(law, x, side) {
  let sum = 0;
  for (let k = 0; k < law.weights.length; k++) sum += law.weights[k] * normalCdf(side * (x - law.means[k]) / law.widths[k]);
  return sum;
}

function startDensity({ mean, width }, x) {
  return normalDensity((x - mean) / width) / width;
}

// The nodes at time T: the law's density, the mass of the gap between the starts, what each tells of its component.
function nodesAt(law, starts) {
  return Array.from({ length: 2 * REACH + 1 }, (_, i) => {
    const x = STEP * (i - REACH);
    const each = law.weights.map((_, k) => componentDensity(law, k, x));
    const density = each.reduce((a, b) => a + b);
    const values = starts.map((start) => startDensity(start, x));
    const gap = STEP * (values[0] - values[1]);
    return { x, density, values, gap, ratio: gap / density, labels: each.map((part) => part / density) };
  });
}

// The gap between the two laws that the SDE makes at time t is p_t(y) gapRatio(y): the same sign, half the work.
function gapRatio(nodes, y, keep, width) {
  let sum = 0;
  for (const { x, ratio } of nodes) {
    const z = (x - keep * y) / width;
    sum += ratio * Math.exp(-z * z / 2);
  }
  return sum;
}

function signChange(f, low, high) {
  let [a, fa, b, fb] = [low, f(low), high, f(high)];
  for (let step = 0; step < 60 && b - a > 1e-7; step++) {
    const cut = Math.min(Math.max((a * fb - b * fa) / (fb - fa), a + 0.01 * (b - a)), b - 0.01 * (b - a));
    const middle = step % 3 === 2 ? (a + b) / 2 : cut;
    const value = f(middle);
    if ((value > 0) === (fa > 0)) [a, fa] = [middle, value];
    else [b, fb] = [middle, value];
  }
  return (a + b) / 2;
}

function signChanges(f) {
  const places = [];
  let before = f(-17 * SCAN);
  for (let i = -16; i <= 17; i++) {
    const now = f(i * SCAN);
    if ((now > 0) !== (before > 0)) places.push(signChange(f, (i - 1) * SCAN, i * SCAN));
    before = now;
  }
  return places;
}

// Half the integral of |gap| from its changes of sign and its primitive, which is 0 at both ends.
function variationFrom(places, primitive) {
  const heights = [0, ...places.map(primitive), 0];
  let sum = 0;
  for (let i = 1; i < heights.length; i++) sum += Math.abs(heights[i] - heights[i - 1]);
  return sum / 2;
}

function startVariation([first, second]) {
  const gap = (x) => Math.log(startDensity(first, x)) - Math.log(startDensity(second, x));
  return variationFrom(signChanges(gap), (x) => normalCdf((x - first.mean) / first.width) - normalCdf((x - second.mean) / second.width));
}

// Total variation of the two laws that the SDE makes at time t < T of the starts.
function sdeVariation(before, law, nodes, hours) {
  const [keep, noise] = [Math.exp(-hours), -Math.expm1(-2 * hours)];
  const gains = law.variances.map((v, k) => keep * v / before.variances[k]);
  const spreads = law.variances.map((v, k) => Math.sqrt(v * noise / before.variances[k]));
  const primitive = (y) => {
    let sum = 0;
    for (const { x, labels, gap } of nodes) {
      for (let k = 0; k < labels.length; k++) {
        const z = (y - law.means[k] - gains[k] * (x - before.means[k])) / spreads[k];
        if (z > -7) sum += gap * labels[k] * (z < 7 ? normalCdf(z) : 1);
      }
    }
    return sum;
  };
  return variationFrom(signChanges((y) => gapRatio(nodes, y, keep, Math.sqrt(noise))), primitive);
}

// Densities at the points y of the laws that the SDE makes of the starts. Little noise: nodes in units of the noise.
function sdeDensities(before, law, nodes, starts, hours, points) {
  const [keep, width] = [Math.exp(-hours), Math.sqrt(-Math.expm1(-2 * hours))];
  const densities = starts.map(() => new Float64Array(points.length));
  points.forEach((y, i) => {
    const here = mixtureDensity(law, y);
    const add = (x, density, values, mass) => {
      starts.forEach((start, s) => { densities[s][i] += here * mass * (values ? values[s] : startDensity(start, x)) / density; });
    };
    if (width >= 0.25) {
      for (const { x, density, values } of nodes) add(x, density, values, STEP * normalDensity((x - keep * y) / width) / width);
    } else {
      for (let z = -8; z <= 8; z += 0.5) add(keep * y + width * z, mixtureDensity(before, keep * y + width * z), null, 0.5 * normalDensity(z));
    }
  });
  return densities;
}

// Where the flow has a point of time t at time T: the same probability below it. Newton's method for the logarithm of the
// smaller tail, from the neighbour's place.
function flowBack(before, law, y, guess) {
  const side = tail(law, y, 1) < 0.5 ? 1 : -1;
  const target = Math.log(tail(law, y, side));
  let x = guess;
  for (let step = 0; step < 60; step++) {
    const mass = tail(before, x, side);
    const move = Math.max(-1, Math.min(1, (target - Math.log(mass)) * mass / (side * mixtureDensity(before, x))));
    x += move;
    if (Math.abs(move) < 1e-11) break;
  }
  return x;
}

function flowDensities(before, law, starts, points) {
  const densities = starts.map(() => new Float64Array(points.length));
  let x = points[0];
  points.forEach((y, i) => {
    x = flowBack(before, law, y, x);
    const slope = mixtureDensity(law, y) / mixtureDensity(before, x);
    starts.forEach((start, s) => { densities[s][i] = slope * startDensity(start, x); });
  });
  return densities;
}

// Times of the curve: shares `early` of T, where it bends, then `late` steps in equal ratios from the share `bend` to the end.
function curveTimes({ early, bend, late, end }, start) {
  const times = Array.from({ length: late + 1 }, (_, k) => bend * start * (end / (bend * start)) ** (k / late));
  times[late] = end;
  return [...early.map((share) => share * start), ...times];
}

// The curve of the SDE: the same for every time at which the laws are shown, so it is kept while the point is dragged.
function sdeCurve(constants, separation, start, distance, first) {
  const curve = constants.curve;
  if (curve && curve.separation === separation && curve.start === start) return curve.places;
  const places = [first, ...curveTimes(constants, start).map((t) => [t, distance(t)])];
  constants.curve = { separation, start, places };
  return places;
}

export function forgettingModel(constants, { separation, start, time }) {
  const { mixture, starts, x, end } = constants;
  const before = noisedMixture(mixture, separation, start);
  const nodes = nodesAt(before, starts);
  const lawAt = (t) => noisedMixture(mixture, separation, t);
  const kept = startVariation(starts);
  const distance = (t) => (t < start ? sdeVariation(before, lawAt(t), nodes, start - t) : kept);
  const here = Math.min(time, start);
  const law = lawAt(here);
  const sde = sdeDensities(before, law, nodes, starts, start - here, x);
  const flow = flowDensities(before, law, starts, x);
  const now = distance(here);
  const floor = Math.abs(nodes.reduce((sum, { gap, labels }) => sum + gap * labels[0], 0));
  const exact = x.map((y) => mixtureDensity(law, y));
  return {
    sde_exact: exact, sde_first: sde[0], sde_second: sde[1],
    flow_exact: exact, flow_first: flow[0], flow_second: flow[1],
    sde: sdeCurve(constants, separation, start, distance, [start, kept]),
    flow: [[start, kept], [end, kept]],
    floor: [[start, floor], [end, floor]],
    here: [[here, now]],
    now: here,
    status: `separation ${short(separation)}, from T = ${short(start)} to t = ${short(here)}: total variation of the two laws ${short(now)} with the SDE, `
      + `${short(kept)} with the flow; floor ${short(floor)}, the gap between the frozen mode weights`,
  };
}
