// A raster: pixels that a model computes. The panel's SVG holds it as an image; a canvas laid over it takes its place.

function layCanvas(artist) {
  const svg = artist.node.ownerSVGElement;
  const { x: left, y: top, width, height } = svg.viewBox.baseVal;
  const corner = [artist.sx(0), artist.sy(0)];
  const size = [artist.sx(artist.columns) - corner[0], artist.sy(artist.rows) - corner[1]];
  const canvas = document.createElement("canvas");
  canvas.width = artist.columns;
  canvas.height = artist.rows;
  canvas.setAttribute("aria-hidden", "true");  // the words are those of the whole picture
  Object.assign(canvas.style, {
    position: "absolute", imageRendering: "pixelated",
    left: `${100 * (corner[0] - left) / width}%`, top: `${100 * (corner[1] - top) / height}%`,
    width: `${100 * size[0] / width}%`, height: `${100 * size[1] / height}%`,
  });
  svg.parentElement.style.position = "relative";  // it is as large as the SVG
  svg.after(canvas);
  artist.node.style.display = "none";
  return canvas.getContext("2d");
}

// bytes: a Uint8ClampedArray of red, green, blue and opacity, row by row.
export function paintRaster(artist, bytes) {
  artist.context ??= layCanvas(artist);
  artist.context.putImageData(new ImageData(bytes, artist.columns, artist.rows), 0, 0);
}
