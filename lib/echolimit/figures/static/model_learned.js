import { modeAmplitudes, transfer } from "./core.js";
import { short } from "./words.js";

// Chapter 10: mode ratios of recorded networks beside theory and the control, whose numbers are computed here.

// Rounds 0..count of the mode ratio in theory, and the control's standard deviations in rounds 1..count.
function controlOf({ alpha, delta, size, spread }, degree) {
  const deviation = [];
  let variance = 0;
  for (let i = 0; i < delta.length; i++) {
    const kept = Math.exp(-degree * delta[i]);
    variance = ((1 - alpha[i]) * kept) ** 2 * (1 - 1 / size) * variance + spread[degree - 1][i] ** 2 / size;
    deviation.push(Math.sqrt(variance));
  }
  return { theory: modeAmplitudes(degree, alpha, delta), deviation };
}

function verticals(heights, reach) {
  return heights.flatMap((y, k) => [[k + 1, y - reach[k]], [k + 1, y + reach[k]], [NaN, NaN]]);
}

// The numbers of one round in words.
function roundWords(run, round, gap, reach) {
  const [network, control, floor, data] = run.sliced[round - 1].map(short);
  const modes = Number.isFinite(gap)
    ? `the network lies ${Math.abs(gap).toFixed(1)} standard deviations of the control ${gap < 0 ? "below" : "above"} theory (bar ± ${reach.toFixed(1)})`
    : "the data have no modes of this degree";
  return `round ${round}: ${modes}; sliced W₂ to theory: network ${network}, control ${control}, exact draws ${floor}; `
    + `network to the data ${data}`;
}

export function learnedModel({ runs, rounds }, { run, degree, round }) {
  const one = runs[run];
  const count = one.delta.length;
  const last = Math.min(round, count);
  const known = one.spread[degree - 1][0] !== null;
  const { theory, deviation } = controlOf(one, degree);
  const row = (value) => Array.from({ length: rounds }, (_, k) => (known && k < count ? value(k) : NaN));
  const shown = (value) => row((k) => (k < last ? value(k) : NaN));
  const gapOf = (numbers) => shown((k) => (numbers[degree - 1][k] - theory[k + 1]) / deviation[k]);
  const network = shown((k) => one.network[degree - 1][k]);
  const error = shown((k) => 2 * one.error[degree - 1][k]);
  const gap = gapOf(one.network);
  const reach = shown((k) => error[k] / deviation[k]);
  const same = (values) => values.every((value) => value === values[0]);
  const limit = known && same(one.alpha) && same(one.delta) ? transfer(degree, one.alpha[0], one.delta[0]) : NaN;
  return {
    limit: [limit, limit],
    theory: [known ? 1 : NaN, ...row((k) => theory[k + 1])],
    upper: row((k) => theory[k + 1] + 2 * deviation[k]),
    lower: row((k) => theory[k + 1] - 2 * deviation[k]),
    network,
    network_bars: verticals(network, error),
    control: gapOf(one.control),
    gap,
    gap_bars: verticals(gap, reach),
    none: known ? "" : `no modes of degree ${degree} in these data`,
    status: roundWords(one, last, gap[last - 1], reach[last - 1]),
  };
}
