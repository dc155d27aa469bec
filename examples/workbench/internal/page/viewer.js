// The viewer: one film, or two side by side, with windows, zoom, and what is known
// of where things are. It is open while state.viewing is true, on state.cursor.
import { Film } from './film.js';
import { Lungs, ScoreMap } from './overlay.js';
import { element, button } from './dom.js';

const kept = 4; // films that are held, the last seen
const most = 16; // times one pixel of the film

export function open(container, api, state) {
  const films = new Map(); // number -> promise of {film, lungs}
  let panes = [], active = null, pinned = -1, drag = 'window', seenBefore = null;
  // What all panes share: zoom 1 shows the whole film; x and y are the middle, in
  // shares of the film.
  const view = { zoom: 1, x: 0.5, y: 0.5 };
  const shown = { lungs: false, map: false, seen: false, invert: false };

  // The parts of the page.
  const name = element('h2', { className: 'viewer-name' });
  const presets = element('select', { ariaLabel: 'Window', title: 'Window (W: the next one)' });
  const numbers = element('output', { className: 'viewer-numbers', title: 'Level and width of the window' });
  const zoomed = element('output', { className: 'viewer-numbers', title: 'Pixels of the screen for one of the film' });
  const toggles = {
    invert: toggle('Invert', 'I', () => { shown.invert = !shown.invert; }),
    lungs: toggle('Lungs', 'L', () => { shown.lungs = !shown.lungs; if (shown.lungs) need('lungs'); }),
    map: toggle('Score map', 'H', () => { shown.map = !shown.map; if (shown.map) need('map'); else stopMap(); }),
    seen: toggle('Model’s view', 'V', () => { shown.seen = !shown.seen; if (shown.seen) need('seen'); }),
  };
  const beside = toggle('Side by side', 'B', () => compare());
  const modes = element('div', { className: 'viewer-group', role: 'group', ariaLabel: 'What dragging does' });
  const modeButtons = { window: toggle('Window', '', () => setDrag('window')), move: toggle('Move', 'M', () => setDrag('move')) };
  modes.append(modeButtons.window, modeButtons.move);
  const bar = element('div', { className: 'viewer-bar', role: 'toolbar', ariaLabel: 'Viewer' });
  const group = (...parts) => { const g = element('div', { className: 'viewer-group' }); g.append(...parts); return g; };
  const back = button('Films', 'Back to the films (Esc)', close);
  back.classList.add('viewer-back');
  bar.append(
    group(back, button('‹', 'Previous film (←)', () => step(-1)), button('›', 'Next film (→)', () => step(1))), name,
    group(presets, numbers), modes,
    group(button('−', 'Smaller (−)', () => zoomBy(1 / 1.25)), zoomed, button('+', 'Larger (+)', () => zoomBy(1.25)), button('Fit', 'The whole film (F)', fit), button('1:1', 'A pixel of the film for one of the screen (O)', full)),
    group(toggles.invert, toggles.lungs, toggles.map, toggles.seen), group(beside, button('Reset', 'As at the start (R)', reset)));
  const stage = element('div', { className: 'viewer-stage' });
  const about = element('aside', { className: 'viewer-about', ariaLabel: 'About this film' });
  const foot = element('footer', { className: 'viewer-foot' });
  const under = element('span', { className: 'viewer-under' }), warning = element('span', {}, 'Not a medical device: not for diagnosis.');
  foot.append(under, warning);
  container.append(bar, stage, about, foot);

  function toggle(text, key, act) {
    const b = button(text, key ? `${text} (${key})` : text, () => { act(); update(); });
    b.setAttribute('aria-pressed', 'false');
    return b;
  }

  // A Pane is a canvas with a film on it.
  class Pane {
    constructor(number) {
      this.canvas = element('canvas', { tabIndex: 0 });
      this.label = element('div', { className: 'viewer-label' });
      this.wait = element('div', { className: 'viewer-wait', role: 'status' });
      this.root = element('div', { className: 'viewer-pane' });
      this.root.append(this.canvas, this.label, this.wait);
      this.paint = document.createElement('canvas');
      stage.append(this.root);
      new ResizeObserver(() => this.draw()).observe(this.root);
      this.listen();
      this.show(number);
    }

    async show(number) {
      if (this.number === number) return;
      this.number = number;
      const before = this.preset;
      Object.assign(this, { film: null, lungs: null, map: null, seen: null, window: null, problem: '', colors: null, thumb: null });
      this.label.textContent = titleOf(number).split('/').slice(-2).join('/');
      this.canvas.setAttribute('role', 'img');
      this.canvas.setAttribute('aria-label', `Film ${titleOf(number)}`);
      this.wait.textContent = 'Reading the film …';
      this.draw();
      this.preview(number);
      let film;
      try {
        film = await load(number);
      } catch (error) {
        if (this.number !== number) return;
        this.problem = error.message;
        this.wait.textContent = `This film cannot be shown: ${error.message}`;
        update();
        return;
      }
      if (this.number !== number) return;
      this.film = film;
      this.wait.textContent = '';
      this.refreshPresets(before);
      for (const what of ['lungs', 'map', 'seen']) if (shown[what]) need(what, this);
      update();
    }

    // preview is the thumbnail until the film is there.
    async preview(number) {
      try {
        const { blob } = await api.blob(`film/${number}/thumb`);
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
      redraw();
    }

    // fitted is how many pixels of the screen one of the film is when all of it shows.
    fitted() {
      const f = this.film || this.thumb;
      return f ? Math.min(this.canvas.width / f.width, this.canvas.height / f.height) * 0.98 : 1;
    }

    get share() { return this.fitted() * view.zoom; }

    // corner is where the film's upper left corner lies on the canvas.
    corner() {
      const f = this.film || this.thumb, s = this.share;
      return [this.canvas.width / 2 - view.x * f.width * s, this.canvas.height / 2 - view.y * f.height * s];
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
      if (this === active) zoomed.textContent = `${Math.round(100 * s)} %`; // the size of the canvas is known by now
      if (!this.film) {
        g.drawImage(this.thumb, x0, y0, f.width * s, f.height * s);
        return;
      }
      this.paintFilm(g, x0, y0, s, w, h);
      g.save();
      g.translate(x0, y0);
      g.scale(s, s);
      const one = ratio / s;
      if (shown.map && this.map) this.map.draw(g, one, this.film);
      if (shown.seen && this.seen) this.outlineSeen(g, one);
      if (shown.lungs && this.lungs) this.lungs.draw(g, one);
      g.restore();
    }

    // paintFilm colors the part of the film that shows, at the least size that is
    // as fine as the screen.
    paintFilm(g, x0, y0, s, w, h) {
      const { film } = this, level = film.scale(s), k = level.width / film.width, ky = level.height / film.height;
      const left = Math.max(0, Math.floor(-x0 / s * k)), top = Math.max(0, Math.floor(-y0 / s * ky));
      const right = Math.min(level.width, Math.ceil((w - x0) / s * k)), bottom = Math.min(level.height, Math.ceil((h - y0) / s * ky));
      if (left >= right || top >= bottom) return;
      this.colors ||= film.table(this.window, shown.invert);
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
      const colors = this.colors || film.table(this.window, shown.invert), out = new Uint32Array(data.data.buffer);
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
        setActive(this);
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
          move(this, dx / 2, dy / 2);
        } else if (drag === 'move' || e.buttons & 6 || e.shiftKey) move(this, dx, dy);
        else this.turn(dx, dy);
      });
      for (const end of ['pointerup', 'pointercancel']) canvas.addEventListener(end, (e) => { pointers.delete(e.pointerId); spread = 0; });
      canvas.addEventListener('pointerleave', () => { under.textContent = ''; });
      canvas.addEventListener('contextmenu', (e) => e.preventDefault());
      canvas.addEventListener('dblclick', () => (view.zoom === 1 ? full() : fit()));
      canvas.addEventListener('wheel', (e) => {
        e.preventDefault();
        setActive(this);
        this.zoomAt(Math.exp(-e.deltaY * (e.ctrlKey ? 0.01 : 0.0015)), e);
      }, { passive: false });
    }

    // zoomAt enlarges about a point of the page, which stays where it is.
    zoomAt(by, event) {
      const f = this.film || this.thumb;
      if (!f) return;
      const [x, y] = this.place(event), before = view.zoom;
      setZoom(view.zoom * by, this);
      const turn = 1 - before / view.zoom;
      view.x += (x / f.width - view.x) * turn;
      view.y += (y / f.height - view.y) * turn;
      keepInside();
      redraw();
    }

    tell(event) {
      const { film } = this;
      if (!film) return;
      const [x, y] = this.place(event), v = film.at(x, y);
      under.textContent = v === undefined ? '' : `${Math.floor(x)}, ${Math.floor(y)}: ${round(v)}`;
    }
  }

  const round = (v) => (Math.abs(v) >= 100 || Number.isInteger(v) ? Math.round(v).toLocaleString('en') : v.toPrecision(3));
  const titleOf = (number) => (state.name ? state.name(number) : `${number + 1}`);

  // load is a film, from those that are held.
  function load(number) {
    let film = films.get(number);
    if (film) films.delete(number);
    else {
      film = api.bytes(`film/${number}/pixels`).then(Film.read);
      film.catch(() => films.delete(number));
    }
    films.set(number, film);
    while (films.size > kept) films.delete(films.keys().next().value);
    return film;
  }

  // need asks for what a pane is to show and does not have yet.
  async function need(what, only) {
    for (const pane of only ? [only] : panes) {
      const { number } = pane;
      if (!pane.film || pane[what]) continue;
      if (what === 'map') { scoreMap(pane); continue; }
      try {
        const answer = await api.get(`film/${number}/${what}`);
        if (pane.number !== number) continue;
        pane[what] = what === 'lungs' ? new Lungs(answer) : answer;
        if (what === 'lungs') pane.refreshPresets();
      } catch (error) {
        if (pane.number === number) pane[what + 'Problem'] = error.message;
      }
      update();
    }
  }

  let mapStop = null;
  const stopMap = () => { mapStop?.abort(); mapStop = null; };

  async function scoreMap(pane) {
    stopMap();
    const { number } = pane, stop = mapStop = new AbortController();
    pane.mapProblem = '';
    pane.mapWait = true;
    update();
    try {
      const answer = await api.get(`film/${number}/map`, { finding: state.finding }, stop.signal);
      if (pane.number !== number) return;
      const largest = Math.max(...answer.grid.values.map(Math.abs), ...(answer.chance ? answer.chance.values.map(Math.abs) : []));
      pane.map = new ScoreMap(answer.grid, largest);
      pane.map.said = answer;
      if (answer.chance) pane.map.chance = new ScoreMap(answer.chance, largest);
    } catch (error) {
      if (error.name !== 'AbortError' && pane.number === number) pane.mapProblem = error.message;
    }
    pane.mapWait = false;
    update();
  }

  function setActive(pane) {
    if (active === pane) return;
    active = pane;
    update();
  }

  function setZoom(zoom, pane) {
    const limit = Math.max(1, most * devicePixelRatio / pane.fitted());
    view.zoom = Math.min(Math.max(zoom, Math.min(0.5, 1 / pane.fitted())), limit);
  }

  // keepInside keeps part of the film in sight.
  function keepInside() {
    for (const k of ['x', 'y']) view[k] = Math.min(Math.max(view[k], 0), 1);
  }

  function move(pane, dx, dy) {
    const f = pane.film || pane.thumb;
    if (!f) return;
    const s = pane.share / devicePixelRatio;
    view.x -= dx / (f.width * s);
    view.y -= dy / (f.height * s);
    keepInside();
    redraw();
  }

  function zoomBy(by) { setZoom(view.zoom * by, active); redraw(); }
  function fit() { Object.assign(view, { zoom: 1, x: 0.5, y: 0.5 }); redraw(); }
  function full() { setZoom(1 / active.fitted(), active); redraw(); }
  function setDrag(mode) { drag = mode; update(); }

  function reset() {
    Object.assign(view, { zoom: 1, x: 0.5, y: 0.5 });
    Object.assign(shown, { lungs: false, map: false, seen: false, invert: false });
    stopMap();
    for (const pane of panes) if (pane.film) pane.choose(pane.presets[0]);
    drag = 'window';
    update();
  }

  function nextPreset(by) {
    const list = active.presets;
    if (!list) return;
    active.choose(list[(list.findIndex((p) => p.name === active.preset) + by + list.length) % list.length]);
    update();
  }

  // compare keeps the film of now beside the ones that follow.
  function compare() {
    if (panes.length === 2) {
      panes.pop().root.remove();
      pinned = -1;
    } else {
      pinned = state.cursor;
      panes.push(new Pane(pinned));
    }
    active = panes[0];
  }

  // step goes to another film in the order of the grid.
  function step(by) {
    const at = state.order.indexOf(state.cursor), to = at + by;
    if (to < 0 || to >= state.order.length) return;
    state.set({ cursor: state.order[to] });
    const ahead = state.order[to + by];
    if (ahead !== undefined) load(ahead).catch(() => {});
  }

  function close() {
    stopMap();
    state.set({ viewing: false });
  }

  presets.addEventListener('change', () => {
    active.choose(active.presets[presets.selectedIndex]);
    update();
  });

  const text = (tag, words, className = '') => element(tag, { className }, words);

  // describe is what is to be said of the pane that is acted on.
  function describe() {
    about.replaceChildren();
    const { film, lungs, map, seen } = active || {};
    if (!film) { about.hidden = true; return; }
    const facts = [`${film.width} × ${film.height} pixels`, `${film.levels.toLocaleString('en')} gray levels`];
    about.append(text('p', facts.join(', ')));
    if (film.levels <= 256) about.append(text('p', 'This film has 8 bits: a window spreads its 256 grays or fewer, and brings out nothing that was not kept.', 'viewer-doubt'));
    if (film.luts) about.append(text('p', 'The file has a table of grays (VOI LUT) of its own, which is shown first.'));
    if (film.step !== 1) about.append(text('p', `Values are in steps of ${film.step.toPrecision(3)}.`));
    for (const note of film.notes) about.append(text('p', `${note[0].toUpperCase()}${note.slice(1)}.`, 'viewer-soft'));
    if (shown.lungs) describeLungs(lungs);
    if (shown.map) describeMap(map);
    if (shown.seen) describeSeen(seen);
    about.hidden = false;
  }

  function describeLungs(lungs) {
    about.append(text('h3', 'Lungs'));
    if (active.lungsProblem) return about.append(text('p', active.lungsProblem, 'viewer-doubt'));
    if (!lungs) return about.append(text('p', 'Looking for them …', 'viewer-soft'));
    if (!lungs.found) about.append(text('p', 'Not found.', 'viewer-doubt'));
    for (const doubt of lungs.doubts) about.append(text('p', `Not to be believed: ${doubt}.`, 'viewer-doubt'));
    if (!lungs.found) return undefined;
    const rows = [['Cardiothoracic ratio, median width', lungs.heart.median ? lungs.heart.median.toFixed(2) : 'not measurable'],
      ['Cardiothoracic ratio, classical', lungs.heart.classical ? lungs.heart.classical.toFixed(2) : 'not measurable'],
      ['Right lung, of the film', `${(100 * lungs.rightArea).toFixed(0)} %`], ['Left lung, of the film', `${(100 * lungs.leftArea).toFixed(0)} %`],
      ['Smaller over larger lung', lungs.symmetry.toFixed(2)], ['Sureness of the outline', lungs.sureness.toFixed(2)]];
    const list = element('dl', {});
    for (const [what, value] of rows) list.append(text('dt', what), text('dd', value));
    about.append(list, text('p', 'The patient’s right lung is blue, the left orange; heart red, chest yellow.', 'viewer-soft'));
    return undefined;
  }

  function describeMap(map) {
    about.append(text('h3', 'Where the score comes from'));
    if (active.mapWait) return about.append(text('p', 'Covering the film part by part …', 'viewer-soft'));
    if (!map) return about.append(text('p', `There is no map: ${active.mapProblem || 'it was not asked for'}.`.replace(/\.\.$/, '.'), 'viewer-doubt'));
    const scale = element('div', { className: 'viewer-scale', role: 'img', ariaLabel: 'Red speaks for the finding, blue against it' });
    scale.append(text('span', `−${map.most.toFixed(2)}`), text('span', '0'), text('span', `+${map.most.toFixed(2)}`));
    about.append(scale, text('p', map.said.exact ? 'Log odds that each place adds to the score.' : 'Log odds by which the score falls if a part is covered with gray.', 'viewer-soft'));
    if (!map.chance) return undefined;
    const small = active.small(240), g = small.getContext('2d'), share = small.width / active.film.width;
    small.className = 'viewer-chance';
    small.setAttribute('role', 'img');
    small.setAttribute('aria-label', 'Map of a head that learned from shuffled labels');
    g.scale(share, share);
    map.chance.draw(g, 1 / share, active.film);
    about.append(text('p', 'The same of a head that learned from shuffled labels, by the same scale. What both show is no finding.'), small);
    return undefined;
  }

  function describeSeen(seen) {
    about.append(text('h3', 'What the model sees'));
    if (active.seenProblem) return about.append(text('p', active.seenProblem, 'viewer-doubt'));
    if (!seen) return about.append(text('p', 'Making it …', 'viewer-soft'));
    about.append(element('img', { className: 'viewer-seen', src: `data:image/png;base64,${seen.png}`, alt: 'The film as the model gets it' }), text('p', `${seen.said}.`, 'viewer-soft'));
    return undefined;
  }

  // update shows all that has changed, redraw what dragging changes.
  function update() {
    if (!state.viewing || !active) return;
    redraw();
    describe();
  }

  function redraw() {
    if (!state.viewing || !active) return;
    name.textContent = titleOf(state.cursor).split('/').pop();
    name.title = titleOf(state.cursor);
    const invert = shown.invert !== seenBefore;
    seenBefore = shown.invert;
    for (const pane of panes) {
      if (invert) pane.colors = null;
      pane.root.classList.toggle('viewer-active', panes.length > 1 && pane === active);
      pane.label.hidden = panes.length < 2;
      pane.draw();
    }
    for (const [what, b] of Object.entries(toggles)) b.setAttribute('aria-pressed', shown[what]);
    for (const [what, b] of Object.entries(modeButtons)) b.setAttribute('aria-pressed', drag === what);
    beside.setAttribute('aria-pressed', panes.length === 2);
    const list = active.presets || [];
    const names = [...list.map((p) => p.name), ...(active.preset === '' ? ['By hand'] : [])];
    if (names.join() !== [...presets.options].map((o) => o.text).join()) presets.replaceChildren(...names.map((n) => new Option(n)));
    presets.selectedIndex = active.preset === '' ? names.length - 1 : names.indexOf(active.preset);
    presets.disabled = list.length === 0;
    numbers.textContent = active.window ? `L ${round(active.window.center)}  W ${round(active.window.width)}` : '';
  }

  const keys = {
    ArrowLeft: () => step(-1), ArrowRight: () => step(1), Escape: close, '+': () => zoomBy(1.25), '=': () => zoomBy(1.25), '-': () => zoomBy(1 / 1.25),
    f: fit, o: full, r: reset, w: () => nextPreset(1), W: () => nextPreset(-1), m: () => setDrag(drag === 'move' ? 'window' : 'move'),
    i: () => toggles.invert.click(), l: () => toggles.lungs.click(), h: () => toggles.map.click(), v: () => toggles.seen.click(), b: () => beside.click(),
    '[': () => active.turn(0, -20), ']': () => active.turn(0, 20), '{': () => active.turn(-20, 0), '}': () => active.turn(20, 0),
  };
  const moves = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
  document.addEventListener('keydown', (e) => {
    if (!state.viewing || e.ctrlKey || e.metaKey || e.altKey || e.target.closest?.('input, select, textarea, dialog')) return;
    const act = e.shiftKey && moves[e.key] ? () => move(active, ...moves[e.key]) : keys[e.key];
    if (!act) return;
    e.preventDefault();
    e.stopPropagation();
    act();
  }, true);

  function refresh() {
    container.hidden = !state.viewing;
    if (!state.viewing || state.cursor < 0) return;
    if (!panes.length) {
      panes = [new Pane(state.cursor)];
      active = panes[0];
      seenBefore = shown.invert;
    }
    stopMap();
    panes[0].show(state.cursor);
    update();
  }
  state.on('viewing', () => {
    refresh();
    if (state.viewing) panes[0]?.canvas.focus({ preventScroll: true });
  });
  state.on('cursor', refresh);
  state.on('finding', () => {
    for (const pane of panes) { pane.map = null; pane.mapProblem = ''; }
    if (shown.map && state.viewing) need('map');
  });
}
