// Hermite functions psi_n = h_n sqrt(gamma), h_n = He_n / sqrt(n!), by their recurrence: no overflow to degrees of thousands.

// The columns psi_0..psi_degree at the points x, and sqrt(gamma) itself.
export function hermiteFunctions(degree, x) {
  const root = Float64Array.from(x, (t) => Math.exp(-t * t / 4) / (2 * Math.PI) ** 0.25);
  const columns = [root];
  for (let n = 0; n < degree; n++) {
    const next = new Float64Array(x.length);
    for (let i = 0; i < x.length; i++) {
      const before = n > 0 ? columns[n - 1][i] : 0;
      next[i] = (x[i] * columns[n][i] - Math.sqrt(n) * before) / Math.sqrt(n + 1);
    }
    columns.push(next);
  }
  return { root, columns };
}

// The density sqrt(gamma) sum_n c_n psi_n of the coefficients given; it may dip below zero where the series is cut.
export function densityFromHermite(coefficients, basis) {
  const density = new Float64Array(basis.root.length);
  for (let n = 0; n < coefficients.length; n++) {
    const column = basis.columns[n];
    for (let i = 0; i < density.length; i++) density[i] += coefficients[n] * column[i];
  }
  for (let i = 0; i < density.length; i++) density[i] *= basis.root[i];
  return density;
}
