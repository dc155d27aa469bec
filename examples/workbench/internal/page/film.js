// A film's own values, which come once, and windows on them: a table with a color
// for each value that is there.

export class Film {
  // read is the film in an answer of film/N/pixels.
  static read(buffer) {
    const length = new DataView(buffer).getUint32(0, true);
    const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
    const size = head.width * head.height;
    let at = 4 + length;
    const values = head.bytes === 1 ? new Uint8Array(buffer, at, size) : new Uint16Array(buffer, at, size);
    at += size * head.bytes;
    at += at % 2;
    return new Film(head, values, new Uint16Array(buffer, at, head.values));
  }

  constructor(head, values, gray) {
    Object.assign(this, head);
    this.gray = gray;
    this.scales = [{ width: head.width, height: head.height, values }];
    this.highest = this.lowest + this.step * (head.values - 1);
  }

  // scale is the film at about a share of its size, never smaller: halves of halves.
  scale(share) {
    let k = 0;
    while (share <= 0.5 && Math.min(this.scales[k].width, this.scales[k].height) > 64) {
      share *= 2;
      k++;
      if (!this.scales[k]) this.scales[k] = half(this.scales[k - 1]);
    }
    return this.scales[k];
  }

  // at is the film's own value at a place in pixels, undefined outside.
  at(x, y) {
    x = Math.floor(x); y = Math.floor(y);
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return undefined;
    return this.own(this.scales[0].values[y * this.width + x]);
  }

  own(value) { return this.lowest + this.step * value; }

  // between is the window that leaves a share of the pixels to black and as many to
  // white, of those that inside says belong.
  between(tail, inside) {
    const { width, height, values } = this.scale(600 / Math.max(this.width, this.height));
    const counts = new Uint32Array(this.values);
    let total = 0;
    for (let y = 0, k = 0; y < height; y++) {
      for (let x = 0; x < width; x++, k++) {
        if (inside && !inside((x + 0.5) / width, (y + 0.5) / height)) continue;
        counts[values[k]]++;
        total++;
      }
    }
    if (total === 0) return null;
    const end = (from, by) => {
      let left = Math.floor(tail * total), v = from;
      while (v + by >= 0 && v + by < counts.length && (left -= counts[v]) >= 0) v += by;
      return this.own(v);
    };
    return ends(end(0, 1), end(counts.length - 1, -1), this.step);
  }

  // presets are windows by name. The first is as the library shows the film; it has
  // a table of its own, for it need not be a straight line.
  presets(lungs) {
    const whole = ends(this.lowest, this.highest, this.step);
    const first = this.luts ? null : this.windows[0];
    const list = [{ name: 'As the file says', table: true, ...(first || this.between(0.005) || whole) }];
    if (!this.luts && !this.windows.length) list[0].name = 'Automatic';
    for (const [k, w] of this.windows.entries()) {
      if (k > 0 || this.luts) list.push({ name: `Window ${k + 1} of the file`, ...w });
    }
    if (list[0].name !== 'Automatic') list.push({ name: 'Automatic', ...(this.between(0.005) || whole) });
    const inLungs = lungs && lungs.found && this.between(0.01, (x, y) => lungs.inside(x, y));
    if (inLungs) list.push({ name: 'Lungs', ...inLungs });
    const dense = lungs && lungs.found && this.between(0.01, (x, y) => lungs.between(x, y));
    if (dense) list.push({ name: 'Mediastinum', ...dense });
    list.push({ name: 'All values', ...whole });
    return list;
  }

  // table is a color for each value, as ImageData has them.
  table(w, invert) {
    const out = new Uint32Array(this.values);
    for (let v = 0; v < out.length; v++) {
      let g;
      if (w.table) {
        g = this.gray[v] >> 8;
      } else {
        const y = Math.min(Math.max((this.own(v) - w.center) / Math.max(w.width, 1e-9) + 0.5, 0), 1);
        g = Math.round(255 * (this.inverted ? 1 - y : y));
      }
      if (invert) g = 255 - g;
      out[v] = 0xff000000 | g << 16 | g << 8 | g;
    }
    if (w.table) this.bridge(out, invert);
    return out;
  }

  // bridge fills in colors of values that no pixel has, but a mean of pixels may.
  bridge(colors, invert) {
    const there = this.there ||= marks(this.scales[0].values, this.values);
    let last = colors[0];
    for (let v = 0; v < colors.length; v++) {
      if (there[v]) last = colors[v]; else colors[v] = last;
    }
  }
}

const ends = (low, high, step) => ({ center: (low + high) / 2, width: Math.max(high - low, step) });

function marks(values, n) {
  const there = new Uint8Array(n);
  for (const v of values) there[v] = 1;
  return there;
}

// half is a picture at half its size: means of 2 x 2 pixels.
function half({ width, height, values }) {
  const w = width >> 1, h = height >> 1, out = new values.constructor(w * h);
  for (let y = 0, k = 0; y < h; y++) {
    let a = 2 * y * width, b = a + width;
    for (let x = 0; x < w; x++, k++, a += 2, b += 2) out[k] = (values[a] + values[a + 1] + values[b] + values[b + 1] + 2) >> 2;
  }
  return { width: w, height: h, values: out };
}
