// Random numbers from a seed and a counter, in any order: the same as figures/draws.py gives.

// The finalizer of MurmurHash3 on the lowest 32 bits.
function mixedWord(word) {
  let h = word ^ (word >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

// Where the stream of a seed starts: what the functions below take.
export function streamOf(seed) {
  return mixedWord((seed + 0x9e3779b9) >>> 0);
}

// Number `counter` of a stream, uniform in (0, 1).
export function uniformAt(stream, counter) {
  return (mixedWord((stream + Math.imul(counter + 1, 0x9e3779b9)) >>> 0) + 0.5) / 4294967296;
}

// The standard normal numbers 0..count-1 of a stream: of Box and Muller's pairs the cosine, then the sine.
export function normalsOf(stream, count) {
  const numbers = new Float64Array(count);
  for (let k = 0; k < count; k += 2) {
    const radius = Math.sqrt(-2 * Math.log(uniformAt(stream, k)));
    const angle = 2 * Math.PI * uniformAt(stream, k + 1);
    numbers[k] = radius * Math.cos(angle);
    if (k + 1 < count) numbers[k + 1] = radius * Math.sin(angle);
  }
  return numbers;
}
