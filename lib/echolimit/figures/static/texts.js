// Lines of text that a reader may type, by the name of their check: each is read as numbers, or refused with words that help.
const MOST_BELLS = 8;
const MOST_TIMES = 40;

function numbersIn(text) {
  const words = text.trim().replaceAll("−", "-").split(/[\s,]+/).filter(Boolean);
  return words.map((word) => {
    const value = Number(word);
    if (!Number.isFinite(value)) throw new Error(`“${word}” is not a number`);
    return value;
  });
}

function within(value, low, high, what) {
  if (value >= low && value <= high) return value;
  throw new Error(`${what} must lie between ${String(low).replace("-", "−")} and ${high}, not ${String(value).replace("-", "−")}`);
}

// "weight mean width; weight mean width": bells of a mixture; width is the standard deviation. Weights are divided by their sum.
export function readMixture(text) {
  const bells = text.split(";").filter((part) => part.trim()).map((part) => {
    const bell = numbersIn(part);
    if (bell.length !== 3) throw new Error(`each bell needs three numbers, weight mean width; “${part.trim()}” has ${bell.length}`);
    within(bell[0], 0.001, 1000, "a weight");
    within(bell[1], -3.5, 3.5, "a mean");
    within(bell[2], 0.1, 1, "a width");
    return bell;
  });
  if (bells.length < 1 || bells.length > MOST_BELLS) throw new Error(`between 1 and ${MOST_BELLS} bells, separated by semicolons, not ${bells.length}`);
  const total = bells.reduce((sum, [weight]) => sum + weight, 0);
  return {
    weights: bells.map(([weight]) => weight / total),
    means: bells.map(([, mean]) => mean),
    variances: bells.map(([, , width]) => width * width),
    bells,
  };
}

// Truncation times, first round first.
export function readTimes(text) {
  const times = numbersIn(text).map((time) => within(time, 0.001, 1, "a truncation time"));
  if (times.length < 1 || times.length > MOST_TIMES) throw new Error(`between 1 and ${MOST_TIMES} truncation times, not ${times.length}`);
  return times;
}

const TEXT_CHECKS = { mixture: readMixture, times: readTimes };

// Why a text does not pass a check; "" where it does.
export function refusal(check, text) {
  try {
    TEXT_CHECKS[check](text);
    return "";
  } catch (error) {
    return error.message;
  }
}
