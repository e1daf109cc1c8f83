import { readMixture, readTimes } from "./texts.js";
import { unpackHeights } from "./playground_data.js";

// The Python code that computes what the playground shows, with the public names of the library.
const CODE_WIDTH = 76;
const BELLS_LINE = "data = GaussianMixture(weights / weights.sum(), means[:, None], widths**2)";

// name = open a, b, c close, over as many lines as it takes.
function list(head, numbers, tail = "])") {
  const lines = [head];
  for (const [k, number] of numbers.entries()) {
    const word = String(number) + (k < numbers.length - 1 ? "," : tail);
    const last = lines.length - 1;
    const space = lines[last].endsWith("[") || k === 0 ? "" : " ";
    if (lines[last].length + space.length + word.length > CODE_WIDTH) lines.push(`    ${word}`);
    else lines[last] += space + word;
  }
  return lines.join("\n");
}

function dataLines(constants, { data, mixture, heights }) {
  const drawn = data === "drawn" ? unpackHeights(constants, heights) : null;
  if (drawn) {
    const gap = Number((constants.places[1] - constants.places[0]).toFixed(6));
    return [
      list("heights = np.array([", drawn), `places = ${gap} * np.arange(-${(drawn.length - 1) / 2}, ${(drawn.length + 1) / 2})`,
      `widths = np.full(${drawn.length}, ${constants.pen})`, BELLS_LINE.replaceAll("weights", "heights").replace("means", "places"),
    ];
  }
  const bells = data === "typed" ? readMixture(mixture).bells : constants.bells[data];
  const [weights, means, widths] = [0, 1, 2].map((part) => bells.map((bell) => bell[part]));
  return [
    list("weights = np.array([", weights), list("means = np.array([", means), list("widths = np.array([", widths),
    BELLS_LINE,
  ];
}

// The schedule as a list of `rounds` times.
function scheduleLine({ schedule, delta, times }, rounds) {
  if (schedule === "constant") return `schedule = [${delta}] * ${rounds}`;
  if (schedule === "annealed") return `schedule = [${delta} / (i + 1) for i in range(${rounds})]`;
  const listed = readTimes(times);
  const first = list("listed = [", listed, "]");
  return `${first}\nschedule = (listed + [listed[-1]] * ${rounds})[:${rounds}]`;
}

function exactLines(constants, { alpha, round, schedule, delta, times }) {
  const last = constants.degrees.at(-1);
  const lasts = schedule === "constant" ? delta : schedule === "annealed" ? null : readTimes(times).at(-1);
  const lines = [`alpha, rounds = ${alpha}, ${round}`, scheduleLine({ schedule, delta, times }, "rounds"),
    "law = round_law(data, rounds, alpha, schedule)",
    lasts === null ? "end = data  # the truncation times fall to zero" : `end = limit_law(data, alpha, ${lasts})`,
    `degrees = np.arange(1, ${last + 1})`,
    round > 0 ? "kept = mode_amplitudes(degrees, alpha, schedule)[-1]" : `kept = np.ones(${last})`,
    lasts === null ? `kept_at_the_end = np.ones(${last})` : `kept_at_the_end = transfer(degrees, alpha, ${lasts})`];
  const names = ["GaussianMixture", ...(lasts === null ? [] : ["limit_law"]), ...(round > 0 ? ["mode_amplitudes"] : []),
    "round_law", "total_variation", ...(lasts === null ? [] : ["transfer"]), "wasserstein"];
  return [names, lines];
}

function refitLines(constants, { alpha, round, schedule, delta, times, sampler, steps }) {
  const degree = constants.degrees.at(-1);
  const lines = [`alpha, rounds = ${alpha}, ${round}`, scheduleLine({ schedule, delta, times }, constants.last),
    "moments = [(float(data.mean()[0]), float(data.covariance()[0, 0]))]",
    "for delta in schedule:  # a normal law is fitted to each mix, then sampled",
    `    times = time_grid(${constants.start}, delta, ${steps}, "geometric")`,
    "    path = gaussian_loop(",
    `        "${sampler}", *moments[0], alpha, times, 1, start=moments[-1]`,
    "    )",
    "    moments.append(tuple(float(column[1]) for column in path))",
    "laws = [GaussianMixture([1.0], [[mean]], [variance]) for mean, variance in moments]",
    `law, end = ${round > 0 ? "laws[rounds]" : "data"}, laws[-1]`,
    `modes = hermite_coefficients(data, ${degree})`,
    `modes[abs(modes) < ${constants.empty}] = np.nan  # the data have none of these`,
    `kept = (hermite_coefficients(law, ${degree}) / modes)[1:]`,
    `kept_at_the_end = (hermite_coefficients(end, ${degree}) / modes)[1:]`];
  return [["GaussianMixture", "gaussian_loop", "hermite_coefficients", "time_grid", "total_variation", "wasserstein"], lines];
}

export function playgroundCode(constants, values) {
  const [names, loop] = (values.sampler === "exact" ? exactLines : refitLines)(constants, values);
  return ["import numpy as np", `from echolimit import (\n    ${names.join(",\n    ")},\n)`, "",
    ...dataLines(constants, values), "", ...loop, "",
    'for name, one in (("round", law), ("end", end)):',
    "    distances = wasserstein(one, data, 2), total_variation(one, data)",
    '    print(f"{name}: W2 {distances[0]:.6g}, TV {distances[1]:.6g}")',
    'print("modes kept:", np.round(kept, 6))', ""].join("\n");
}
