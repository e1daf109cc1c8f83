// How a live artist's numbers become the data of its path.

function cut(value) {
  return Math.round(value * 100) / 100;
}

function isDrawn(value) {
  return Number.isFinite(value) && Math.abs(value) < 1e5;  // far outside the panel, where browsers' coordinates still hold
}

// Path data of an artist of the kind named; sx and sy take data to the panel's coordinates.
export const PATHS = {
  // Over fixed points artist.x the model gives the heights, else pairs.
  line(artist, values, sx, sy) {
    let path = "";
    let pen = "M";
    for (let i = 0; i < values.length; i++) {
      const [x, height] = artist.x ? [artist.x[i], values[i]] : values[i];
      const y = sy(height);
      if (!isDrawn(y)) { pen = "M"; continue; }
      path += `${pen}${cut(sx(x))} ${cut(y)}`;
      pen = "L";
    }
    return path;
  },
  area(artist, values, sx, sy) {
    const line = PATHS.line(artist, values, sx, sy);
    const base = cut(sy(0));
    return `${line}L${cut(sx(artist.x[values.length - 1]))} ${base}L${cut(sx(artist.x[0]))} ${base}Z`;
  },
  bars(artist, values, sx, sy) {
    const base = cut(sy(0));
    let path = "";
    for (let i = 0; i < values.length; i++) {
      const left = cut(sx(artist.x[i] - artist.width / 2));
      const right = cut(sx(artist.x[i] + artist.width / 2));
      path += `M${left} ${base}V${cut(sy(values[i]))}H${right}V${base}Z`;
    }
    return path;
  },
  // Where one coordinate of the dots is fixed (artist.x or artist.y) the model gives the other, else pairs.
  dots(artist, values, sx, sy) {
    const radius = artist.size / 2;
    let path = "";
    for (let i = 0; i < values.length; i++) {
      const [first, second] = artist.x ? [artist.x[i], values[i]] : artist.y ? [values[i], artist.y[i]] : values[i];
      const [x, y] = [sx(first), sy(second)];
      if (!isDrawn(x) || !isDrawn(y)) continue;
      path += `M${cut(x - radius)} ${cut(y)}a${radius} ${radius} 0 1 0 ${cut(2 * radius)} 0a${radius} ${radius} 0 1 0 ${cut(-2 * radius)} 0Z`;
    }
    return path;
  },
  upright(artist, value, sx, sy) {
    return value === null ? "" : `M${cut(sx(value))} ${cut(sy(artist.y[0]))}V${cut(sy(artist.y[1]))}`;
  },
};

export function scaleOf({ slope, offset, log }) {
  return log ? (value) => slope * Math.log10(value) + offset : (value) => slope * value + offset;
}
