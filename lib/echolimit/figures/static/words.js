// Numbers as the status lines and the pictures say them.

// A number with three significant digits, without trailing zeros.
export function short(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e5) return value.toExponential(1).replaceAll("-", "−").replace("e+", "e");
  return String(Number(value.toPrecision(3))).replace("-", "−");
}

// A distance in [0, 1]: the curves are known to about 1e-8, and a smaller number would say nothing.
export function distance(value) {
  return value > 0 && value < 1e-6 ? "< 0.000001" : String(Number(value.toPrecision(3)));
}

export function percent(share) {
  return share > 0 && share < 1e-5 ? "< 0.001 %" : `${short(100 * share)} %`;
}

// A marker that leaves its axis on the right turns into words at the edge.
export function marker(value, last, word) {
  return value <= last
    ? { line: value, text: "", edge: "" }
    : { line: null, text: "", edge: `${word} = ${short(value)} →` };
}
