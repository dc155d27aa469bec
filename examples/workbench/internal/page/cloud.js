// How the points of the map are drawn, and found again: films with their places, and
// the shade of each.

export const none = 255; // shade of films of which nothing is known

// discs draws points one by one, those of which nothing is known first.
export function discs(g, cloud, w, h, ratio) {
  const { places, films, shades, colors, soft, selection, view, spot } = cloud;
  const r = Math.max(2, Math.min(6, 60 / Math.sqrt(films.length + 1)) * Math.sqrt(view.zoom)) * ratio;
  const chosen = selection.size > 0, sprites = new Map();
  const sprite = (c, strong) => {
    const key = c + strong;
    if (!sprites.has(key)) {
      const s = document.createElement('canvas'), d = Math.ceil(2 * r + 2);
      s.width = s.height = d;
      const p = s.getContext('2d');
      p.globalAlpha = strong ? 0.9 : 0.2;
      p.fillStyle = c;
      p.beginPath(); p.arc(d / 2, d / 2, r, 0, 7); p.fill();
      sprites.set(key, s);
    }
    return sprites.get(key);
  };
  for (const known of [false, true]) {
    for (let k = 0; k < films.length; k++) {
      const v = shades ? shades[films[k]] : none;
      if ((v !== none) !== known) continue;
      const [x, y] = spot(places[2 * k], places[2 * k + 1]);
      if (x < -r || y < -r || x > w + r || y > h + r) continue;
      const s = sprite(colors[v] || soft, !chosen || selection.has(films[k]));
      g.drawImage(s, Math.round(x - s.width / 2), Math.round(y - s.height / 2));
    }
  }
}

// squares writes points into the picture itself: a hundred thousand in a frame.
export function squares(g, cloud, w, h, ratio) {
  const { places, films, shades, colors, soft, selection, view, size } = cloud;
  const data = g.createImageData(w, h), out = new Uint32Array(data.data.buffer);
  const side = Math.max(1, Math.round(Math.min(5, 1.2 * Math.sqrt(view.zoom)) * ratio)), chosen = selection.size > 0;
  const table = new Uint32Array(512);
  for (let v = 0; v < 256; v++) {
    const [r, gr, b] = rgb(colors[v] || soft);
    table[v] = 0xff000000 | b << 16 | gr << 8 | r;
    table[256 + v] = 0x40000000 | b << 16 | gr << 8 | r;
  }
  const s = size, ox = w / 2 - view.x * s - side / 2, oy = h / 2 - view.y * s - side / 2;
  for (const known of [false, true]) {
    for (let k = 0; k < films.length; k++) {
      const v = shades ? shades[films[k]] : none;
      if ((v !== none) !== known) continue;
      const x = Math.round(ox + places[2 * k] * s), y = Math.round(oy + places[2 * k + 1] * s);
      if (x < 0 || y < 0 || x + side > w || y + side > h) continue;
      const c = table[chosen && !selection.has(films[k]) ? 256 + v : v];
      for (let dy = 0, row = y * w + x; dy < side; dy++, row += w) for (let dx = 0; dx < side; dx++) out[row + dx] = c;
    }
  }
  g.putImageData(data, 0, 0);
}

const known = new Map();
function rgb(c) {
  if (!known.has(c)) {
    const one = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    one.fillStyle = c;
    one.fillRect(0, 0, 1, 1);
    known.set(c, one.getImageData(0, 0, 1, 1).data);
  }
  return known.get(c);
}

// cells sorts points into squares, to find those near a place.
export function cells(places) {
  const n = 128, starts = new Int32Array(n * n + 1), of = new Int32Array(places.length / 2);
  for (let k = 0; k < of.length; k++) {
    of[k] = Math.min(n - 1, Math.floor(places[2 * k + 1] * n)) * n + Math.min(n - 1, Math.floor(places[2 * k] * n));
    starts[of[k] + 1]++;
  }
  for (let c = 0; c < n * n; c++) starts[c + 1] += starts[c];
  const next = starts.slice(), items = new Int32Array(of.length);
  for (let k = 0; k < of.length; k++) items[next[of[k]]++] = k;
  return { n, starts, items };
}

// inside is whether a place lies within a closed line.
export function inside(line, x, y) {
  let within = false;
  for (let i = 0, j = line.length - 1; i < line.length; j = i++) {
    const [xi, yi] = line[i], [xj, yj] = line[j];
    if ((yi > y) !== (yj > y) && x < (xj - xi) * (y - yi) / (yj - yi) + xi) within = !within;
  }
  return within;
}
