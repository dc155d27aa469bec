// What is drawn over a film: the lungs and what is measured on them, and where a
// score comes from.

const blue = '#6ea8ff', orange = '#ffb05c', white = 'rgb(255 255 255 / .55)', red = '#ff6b6b', yellow = '#ffe066';

// Lungs are those of an answer of film/N/lungs.
export class Lungs {
  constructor(answer) {
    Object.assign(this, answer);
    this.paths = { right: outline(this.right, this.grid), left: outline(this.left, this.grid) };
  }

  cell(x, y) { return Math.min(this.grid - 1, Math.floor(y * this.grid)) * this.grid + Math.min(this.grid - 1, Math.floor(x * this.grid)); }
  inside(x, y) { const c = this.cell(x, y); return this.right[c] === '1' || this.left[c] === '1'; }

  // between is whether a place lies within the box of the lungs and in neither.
  between(x, y) {
    const px = x * this.width, py = y * this.height, [x0, y0, x1, y1] = this.box;
    return px >= x0 && px < x1 && py >= y0 && py < y1 && !this.inside(x, y);
  }

  // draw draws them on a canvas whose units are the film's pixels; one is the size
  // of a pixel of the screen in them.
  draw(g, one) {
    g.save();
    g.lineJoin = 'round';
    const dash = this.doubts.length || !this.found ? [6 * one, 4 * one] : [];
    g.setLineDash(dash);
    for (const [side, color] of [['right', blue], ['left', orange]]) {
      g.save();
      g.scale(this.width, this.height);
      g.beginPath();
      for (const line of this.paths[side]) {
        line.forEach(([x, y], k) => k ? g.lineTo(x, y) : g.moveTo(x, y));
        g.closePath();
      }
      g.restore();
      g.strokeStyle = 'rgb(0 0 0 / .5)'; g.lineWidth = 4 * one; g.stroke();
      g.strokeStyle = color; g.lineWidth = 2 * one; g.stroke();
    }
    if (this.found) {
      const [x0, y0, x1, y1] = this.box;
      g.strokeStyle = white; g.lineWidth = one; g.setLineDash([2 * one, 4 * one]);
      g.strokeRect(x0, y0, x1 - x0, y1 - y0);
      g.setLineDash(dash);
      const h = this.heart;
      for (const [line, color] of [[h.chest, yellow], [h.rightReach, red], [h.leftReach, red], [h.classical ? null : h.medianLine, red]]) {
        if (!line) continue;
        g.beginPath(); g.moveTo(line[0], line[1]); g.lineTo(line[2], line[3]);
        g.strokeStyle = 'rgb(0 0 0 / .5)'; g.lineWidth = 4 * one; g.stroke();
        g.strokeStyle = color; g.lineWidth = 2 * one; g.stroke();
      }
    }
    g.restore();
  }
}

// outline is the borders of a mask, as closed lines of places in shares of the film:
// where a smoothed mask passes one half.
function outline(mask, n) {
  const smooth = new Float32Array((n + 2) * (n + 2)), w = n + 2;
  const cell = (x, y) => x >= 0 && y >= 0 && x < n && y < n && mask[y * n + x] === '1' ? 1 : 0;
  for (let y = -1; y <= n; y++) {
    for (let x = -1; x <= n; x++) {
      let sum = 0;
      for (let dy = -1; dy <= 1; dy++) for (let dx = -1; dx <= 1; dx++) sum += cell(x + dx, y + dy) * (2 - Math.abs(dx)) * (2 - Math.abs(dy));
      smooth[(y + 1) * w + x + 1] = sum / 16;
    }
  }
  // Each square of four cells gives pieces of border, from edge to edge.
  const next = new Map();
  const place = (x, y, down) => {
    const a = smooth[y * w + x], b = smooth[(y + down) * w + x + 1 - down], t = (0.5 - a) / (b - a);
    return { key: `${x},${y},${down}`, at: [(x - 0.5 + (down ? 0 : t)) / n, (y - 0.5 + (down ? t : 0)) / n] };
  };
  const at = new Map();
  const piece = (a, b) => { at.set(a.key, a.at); at.set(b.key, b.at); next.set(a.key, b.key); };
  for (let y = 0; y < w - 1; y++) {
    for (let x = 0; x < w - 1; x++) {
      const k = (smooth[y * w + x] > 0.5) | (smooth[y * w + x + 1] > 0.5) << 1 | (smooth[(y + 1) * w + x + 1] > 0.5) << 2 | (smooth[(y + 1) * w + x] > 0.5) << 3;
      if (k === 0 || k === 15) continue;
      const top = () => place(x, y, 0), right = () => place(x + 1, y, 1), bottom = () => place(x, y + 1, 0), left = () => place(x, y, 1);
      // The inside lies on the right of each piece.
      switch (k) {
        case 1: piece(top(), left()); break;
        case 2: piece(right(), top()); break;
        case 3: piece(right(), left()); break;
        case 4: piece(bottom(), right()); break;
        case 5: piece(top(), right()); piece(bottom(), left()); break;
        case 6: piece(bottom(), top()); break;
        case 7: piece(bottom(), left()); break;
        case 8: piece(left(), bottom()); break;
        case 9: piece(top(), bottom()); break;
        case 10: piece(right(), bottom()); piece(left(), top()); break;
        case 11: piece(right(), bottom()); break;
        case 12: piece(left(), right()); break;
        case 13: piece(top(), right()); break;
        case 14: piece(left(), top()); break;
      }
    }
  }
  const lines = [];
  while (next.size) {
    const line = [];
    for (let [key] = next.keys(); next.has(key);) {
      line.push(at.get(key));
      const then = next.get(key);
      next.delete(key);
      key = then;
    }
    if (line.length > 3) lines.push(line);
  }
  return lines;
}

// ScoreMap is a grid of values over a film, from an answer of film/N/map.
export class ScoreMap {
  constructor(grid, most) {
    Object.assign(this, grid);
    this.most = most || Math.max(...grid.values.map(Math.abs));
    const canvas = this.picture = document.createElement('canvas');
    canvas.width = this.columns; canvas.height = this.rows;
    const data = new ImageData(this.columns, this.rows);
    this.values.forEach((v, k) => {
      const share = this.most > 0 ? Math.min(Math.abs(v) / this.most, 1) : 0;
      data.data.set([...(v < 0 ? [60, 110, 255] : [255, 60, 60]), Math.round(0.6 * 255 * share)], 4 * k);
    });
    canvas.getContext('2d').putImageData(data, 0, 0);
  }

  draw(g, one, film) {
    g.save();
    g.imageSmoothingEnabled = false;
    const w = film.width, h = film.height;
    g.drawImage(this.picture, this.left * w, this.top * h, (this.right - this.left) * w, (this.bottom - this.top) * h);
    g.restore();
  }
}
