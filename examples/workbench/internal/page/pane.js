// A pane of the viewer: a canvas with a film on it, and the drags, pinches and wheels
// that move it. Its viewer has what panes share.
import { element } from './dom.js';

// round is a value of a film as it is told.
export const round = (v) => (Math.abs(v) >= 100 || Number.isInteger(v) ? Math.round(v).toLocaleString('en') : v.toPrecision(3));

export class Pane {
  constructor(viewer, number) {
    this.viewer = viewer;
    this.canvas = element('canvas', { tabIndex: 0 });
    this.label = element('div', { className: 'viewer-label' });
    this.wait = element('div', { className: 'viewer-wait', role: 'status' });
    this.root = element('div', { className: 'viewer-pane' });
    this.root.append(this.canvas, this.label, this.wait);
    this.paint = document.createElement('canvas');
    this.viewer.stage.append(this.root);
    new ResizeObserver(() => this.draw()).observe(this.root);
    this.listen();
    this.show(number);
  }

  async show(number) {
    if (this.number === number) return;
    this.number = number;
    const before = this.preset;
    Object.assign(this, { film: null, lungs: null, map: null, seen: null, window: null, problem: '', colors: null, thumb: null });
    this.label.textContent = this.viewer.titleOf(number).split('/').slice(-2).join('/');
    this.canvas.setAttribute('role', 'img');
    this.canvas.setAttribute('aria-label', `Film ${this.viewer.titleOf(number)}`);
    this.wait.textContent = 'Reading the film …';
    this.draw();
    this.preview(number);
    let film;
    try {
      film = await this.viewer.load(number);
    } catch (error) {
      if (this.number !== number) return;
      this.problem = error.message;
      this.wait.textContent = `This film cannot be shown: ${error.message}`;
      this.viewer.update();
      return;
    }
    if (this.number !== number) return;
    this.film = film;
    this.wait.textContent = '';
    this.refreshPresets(before);
    for (const what of ['lungs', 'map', 'seen']) if (this.viewer.shown[what]) this.viewer.need(what, this);
    this.viewer.update();
  }

  // preview is the thumbnail until the film is there.
  async preview(number) {
    try {
      const { blob } = await this.viewer.api.blob(`film/${number}/thumb`);
      const picture = await createImageBitmap(blob);
      if (this.number === number && !this.film) { this.thumb = picture; this.draw(); }
    } catch { /* the film itself tells */ }
  }

  refreshPresets(name) {
    this.presets = this.film.presets(this.lungs);
    if (!this.window) this.choose(this.presets.find((p) => p.name === name) || this.presets[0]);
  }

  choose(preset) {
    this.preset = preset.name;
    this.window = { center: preset.center, width: preset.width, table: preset.table };
    this.colors = null;
  }

  // turn is a drag over so many pixels of the screen.
  turn(dx, dy) {
    if (!this.film) return;
    const range = this.film.highest - this.film.lowest || 1;
    const speed = Math.min(Math.max(this.window.width, range / 50), range) / 400;
    this.window = { center: this.window.center + dy * speed, width: Math.max(this.window.width + dx * speed, this.film.step) };
    this.preset = '';
    this.colors = null;
    this.viewer.redraw();
  }

  // fitted is how many pixels of the screen one of the film is when all of it shows.
  fitted() {
    const f = this.film || this.thumb;
    return f ? Math.min(this.canvas.width / f.width, this.canvas.height / f.height) * 0.98 : 1;
  }

  get share() { return this.fitted() * this.viewer.view.zoom; }

  // corner is where the film's upper left corner lies on the canvas.
  corner() {
    const f = this.film || this.thumb, s = this.share;
    return [this.canvas.width / 2 - this.viewer.view.x * f.width * s, this.canvas.height / 2 - this.viewer.view.y * f.height * s];
  }

  draw() {
    if (this.asked) return;
    this.asked = true;
    requestAnimationFrame(() => { this.asked = false; this.paintAll(); });
  }

  paintAll() {
    const ratio = devicePixelRatio, box = this.root.getBoundingClientRect();
    const w = Math.max(1, Math.round(box.width * ratio)), h = Math.max(1, Math.round(box.height * ratio));
    if (this.canvas.width !== w || this.canvas.height !== h) { this.canvas.width = w; this.canvas.height = h; }
    const g = this.canvas.getContext('2d', { alpha: false });
    g.fillStyle = '#000';
    g.fillRect(0, 0, w, h);
    const f = this.film || this.thumb;
    if (!f) return;
    const s = this.share, [x0, y0] = this.corner();
    if (this === this.viewer.active) this.viewer.zoomed.textContent = `${Math.round(100 * s)} %`; // the size of the canvas is known by now
    if (!this.film) {
      g.drawImage(this.thumb, x0, y0, f.width * s, f.height * s);
      return;
    }
    this.paintFilm(g, x0, y0, s, w, h);
    g.save();
    g.translate(x0, y0);
    g.scale(s, s);
    const one = ratio / s;
    if (this.viewer.shown.map && this.map) this.map.draw(g, one, this.film);
    if (this.viewer.shown.seen && this.seen) this.outlineSeen(g, one);
    if (this.viewer.shown.lungs && this.lungs) this.lungs.draw(g, one);
    g.restore();
  }

  // paintFilm colors the part of the film that shows, at the least size that is
  // as fine as the screen.
  paintFilm(g, x0, y0, s, w, h) {
    const { film } = this, level = film.scale(s), k = level.width / film.width, ky = level.height / film.height;
    const left = Math.max(0, Math.floor(-x0 / s * k)), top = Math.max(0, Math.floor(-y0 / s * ky));
    const right = Math.min(level.width, Math.ceil((w - x0) / s * k)), bottom = Math.min(level.height, Math.ceil((h - y0) / s * ky));
    if (left >= right || top >= bottom) return;
    this.colors ||= film.table(this.window, this.viewer.shown.invert);
    const key = [level.width, left, top, right, bottom].join();
    if (this.painted !== key || this.paintedBy !== this.colors) {
      const pw = right - left, ph = bottom - top;
      if (this.paint.width !== pw || this.paint.height !== ph) { this.paint.width = pw; this.paint.height = ph; }
      const data = new ImageData(pw, ph), out = new Uint32Array(data.data.buffer), { colors } = this;
      for (let y = 0, at = 0; y < ph; y++) {
        let from = (top + y) * level.width + left;
        for (let x = 0; x < pw; x++) out[at++] = colors[level.values[from++]];
      }
      this.paint.getContext('2d').putImageData(data, 0, 0);
      this.painted = key;
      this.paintedBy = this.colors;
    }
    g.imageSmoothingEnabled = s < 4;
    g.imageSmoothingQuality = 'high';
    g.drawImage(this.paint, x0 + left / k * s, y0 + top / ky * s, (right - left) / k * s, (bottom - top) / ky * s);
  }

  outlineSeen(g, one) {
    const [l, t, r, b] = this.seen.part, { width, height } = this.film;
    g.fillStyle = 'rgb(0 0 0 / .55)';
    g.beginPath();
    g.rect(0, 0, width, height);
    g.rect(l * width, t * height, (r - l) * width, (b - t) * height);
    g.fill('evenodd');
    g.strokeStyle = '#fff';
    g.lineWidth = 1.5 * one;
    g.strokeRect(l * width, t * height, (r - l) * width, (b - t) * height);
  }

  // small is a picture of the film as it is shown, of so many pixels across.
  small(width) {
    const { film } = this, level = film.scale(width / film.width);
    const whole = element('canvas', { width: level.width, height: level.height }), data = new ImageData(level.width, level.height);
    const colors = this.colors || film.table(this.window, this.viewer.shown.invert), out = new Uint32Array(data.data.buffer);
    for (let k = 0; k < out.length; k++) out[k] = colors[level.values[k]];
    whole.getContext('2d').putImageData(data, 0, 0);
    const canvas = element('canvas', { width, height: Math.round(width * film.height / film.width) });
    canvas.getContext('2d').drawImage(whole, 0, 0, canvas.width, canvas.height);
    return canvas;
  }

  // place is where a point of the page lies on the film, in its pixels.
  place(event) {
    const box = this.canvas.getBoundingClientRect(), ratio = this.canvas.width / box.width;
    const [x0, y0] = this.corner();
    return [((event.clientX - box.left) * ratio - x0) / this.share, ((event.clientY - box.top) * ratio - y0) / this.share];
  }

  listen() {
    const { canvas } = this, pointers = new Map();
    let spread = 0;
    canvas.addEventListener('pointerdown', (e) => {
      this.viewer.setActive(this);
      canvas.setPointerCapture(e.pointerId);
      pointers.set(e.pointerId, e);
      spread = 0;
      e.preventDefault();
      canvas.focus({ preventScroll: true });
    });
    canvas.addEventListener('pointermove', (e) => {
      const before = pointers.get(e.pointerId);
      this.tell(e);
      if (!before) return;
      pointers.set(e.pointerId, e);
      const dx = e.clientX - before.clientX, dy = e.clientY - before.clientY;
      if (pointers.size === 2) {
        const [a, b] = pointers.values(), now = Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
        if (spread) this.zoomAt(now / spread, { clientX: (a.clientX + b.clientX) / 2, clientY: (a.clientY + b.clientY) / 2 });
        spread = now;
        this.viewer.move(this, dx / 2, dy / 2);
      } else if (this.viewer.drag === 'move' || e.buttons & 6 || e.shiftKey) this.viewer.move(this, dx, dy);
      else this.turn(dx, dy);
    });
    for (const end of ['pointerup', 'pointercancel']) canvas.addEventListener(end, (e) => { pointers.delete(e.pointerId); spread = 0; });
    canvas.addEventListener('pointerleave', () => { this.viewer.under.textContent = ''; });
    canvas.addEventListener('contextmenu', (e) => e.preventDefault());
    canvas.addEventListener('dblclick', () => (this.viewer.view.zoom === 1 ? this.viewer.full() : this.viewer.fit()));
    canvas.addEventListener('wheel', (e) => {
      e.preventDefault();
      this.viewer.setActive(this);
      this.zoomAt(Math.exp(-e.deltaY * (e.ctrlKey ? 0.01 : 0.0015)), e);
    }, { passive: false });
  }

  // zoomAt enlarges about a point of the page, which stays where it is.
  zoomAt(by, event) {
    const f = this.film || this.thumb;
    if (!f) return;
    const [x, y] = this.place(event), before = this.viewer.view.zoom;
    this.viewer.setZoom(this.viewer.view.zoom * by, this);
    const turn = 1 - before / this.viewer.view.zoom;
    this.viewer.view.x += (x / f.width - this.viewer.view.x) * turn;
    this.viewer.view.y += (y / f.height - this.viewer.view.y) * turn;
    this.viewer.keepInside();
    this.viewer.redraw();
  }

  tell(event) {
    const { film } = this;
    if (!film) return;
    const [x, y] = this.place(event), v = film.at(x, y);
    this.viewer.under.textContent = v === undefined ? '' : `${Math.floor(x)}, ${Math.floor(y)}: ${round(v)}`;
  }
}
