// The radial power spectrum of square images, as echolimit.images.spectra.radial_power defines it: |F(k)|^2 over the number
// of pixels, averaged over channels and over the rings |k| = 0, 1, ..., side / 2.

// What the transforms of images with an even side need: tables, and ring and weight of each frequency of the half plane.
export function powerPlan(side) {
  const half = side / 2 + 1;
  const angle = (k) => 2 * Math.PI * (Math.floor(k / side) * (k % side) % side) / side;
  const cos = Float64Array.from({ length: half * side }, (_, k) => Math.cos(angle(k)));
  const sin = Float64Array.from({ length: half * side }, (_, k) => Math.sin(angle(k)));
  const ring = new Int32Array(side * half);
  const weight = new Float64Array(side * half);
  const total = new Float64Array(half);
  for (let p = 0; p < side; p++) {
    for (let q = 0; q < half; q++) {
      const radius = Math.round(Math.hypot(Math.min(p, side - p), q));
      const copies = q === 0 || q === half - 1 ? 1 : 2;  // the others stand for their mirror image, too
      ring[p * half + q] = radius < half ? radius : -1;
      weight[p * half + q] = copies;
      if (radius < half) total[radius] += copies;
    }
  }
  for (let k = 0; k < ring.length; k++) if (ring[k] >= 0) weight[k] /= total[ring[k]];
  return { side, half, cos, sin, ring, weight, re: new Float64Array(side * half), im: new Float64Array(side * half) };
}

// The Fourier sums along each row of values[from ...], kept by frequency in plan.re and plan.im.
function rowSums({ side, half, cos, sin, re, im }, values, from) {
  for (let r = 0; r < side; r++) {
    const start = from + r * side;
    for (let q = 0; q < half; q++) {
      let a = values[start] + values[start + half - 1] * cos[q * side + half - 1];
      let b = 0;
      for (let c = 1; c < half - 1; c++) {  // a column and its mirror image
        const left = values[start + c];
        const right = values[start + side - c];
        a += (left + right) * cos[q * side + c];
        b -= (left - right) * sin[q * side + c];
      }
      re[q * side + r] = a;
      im[q * side + r] = b;
    }
  }
}

// The Fourier sums of one channel, values[from ...], over the half plane: real and imaginary parts in turn, to out[to ...].
export function fourierSums(plan, values, from, out, to) {
  const { side, half, cos, sin, re, im } = plan;
  rowSums(plan, values, from);
  for (let q = 0; q < half; q++) {
    for (let p = 0; p < half; p++) {  // and its mirror image -p
      let [ac, bs, bc, as] = [0, 0, 0, 0];
      for (let r = 0; r < side; r++) {
        const a = re[q * side + r];
        const b = im[q * side + r];
        const c = cos[p * side + r];
        const s = sin[p * side + r];
        ac += a * c;
        bs += b * s;
        bc += b * c;
        as += a * s;
      }
      const there = to + 2 * (p * half + q);
      const mirrored = to + 2 * ((side - p) % side * half + q);
      out[mirrored] = ac - bs;
      out[mirrored + 1] = bc + as;
      out[there] = ac + bs;
      out[there + 1] = bc - as;
    }
  }
}

// Adds to rings[at ...] the ring means of Re(x conj y) for two images by their Fourier sums; of x itself, its power.
export function addRingPower(plan, channels, x, fromX, y, fromY, rings, at) {
  const { side, half, ring, weight } = plan;
  const scale = 1 / (side * side * channels);
  const size = side * half;
  for (let channel = 0; channel < channels; channel++) {
    for (let k = 0; k < size; k++) {
      if (ring[k] < 0) continue;
      const i = fromX + 2 * (channel * size + k);
      const j = fromY + 2 * (channel * size + k);
      rings[at + ring[k]] += scale * weight[k] * (x[i] * y[j] + x[i + 1] * y[j + 1]);
    }
  }
}
