// The map of the embeddings: each film is a point, near to those that it is like. It
// is open while state.mapping is true; what the lasso holds becomes state.selection.
import { none, discs, squares, cells, inside } from './cloud.js';
import { element, button } from './dom.js';

const few = 6000; // points that are drawn as discs; more are drawn as squares
const near = 10; // pixels about the pointer in which a film is pointed at

// Colors of what films are, in light and dark. Present, absent and unsure are the
// page's own.
const kinds = ['#4e79a7', '#f28e2b', '#59a14f', '#e15759', '#76b7b2', '#edc948', '#b07aa1', '#9c755f'];
const scale = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]]; // viridis

export function open(container, api, state) {
  const view = { zoom: 1, x: 0.5, y: 0.5 }; // in shares of the square that holds all films
  let head = null, films = new Int32Array(0), at = new Float32Array(0), from = null, began = 0;
  let shades = null, index = null, tool = 'lasso', lasso = null, hovered = -1, timer = 0, asked = false, by = 'label', shadesOf = '';

  const canvas = element('canvas', { tabIndex: 0, role: 'img', ariaLabel: 'Map of the films. Arrows move it, + and − zoom, 0 shows all of it.' });
  const g = canvas.getContext('2d');
  const tip = element('figure', { className: 'map-tip', hidden: true });
  const status = element('p', { className: 'map-status', role: 'status' });
  const legend = element('div', { className: 'map-legend' });
  const color = element('select', { ariaLabel: 'Color of the films' });
  for (const [value, text] of [['label', 'Label'], ['score', 'Score'], ['doubt', 'Doubt'], ['split', 'Split']]) color.append(new Option(text, value));
  const tools = { lasso: button('Lasso', 'Select films by drawing around them', () => setTool('lasso')), move: button('Move', 'Drag the map', () => setTool('move')) };
  const again = button('Lay out anew', 'With the films that have been embedded since', () => layOut());
  const stop = button('Stop', 'Keep the map as it is', () => api.post('places', { stop: true }).then(ask, () => {}));
  const bar = element('div', { className: 'map-bar', role: 'toolbar', ariaLabel: 'Map' });
  const sight = button('Select what shows', 'Select all films in sight', selectSight);
  bar.append(color, tools.lasso, tools.move, button('Fit', 'All films (0)', fit), sight, again, stop);
  const stage = element('div', { className: 'map-stage' });
  stage.append(canvas, tip);
  const foot = element('div', { className: 'map-foot' });
  foot.append(legend, status);
  container.append(bar, stage, foot);

  // css is a color of the style sheet, as light or dark has it; '' if there is none.
  const probe = element('span', { hidden: true });
  container.append(probe);
  const css = (name) => {
    if (!getComputedStyle(container).getPropertyValue(name)) return '';
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const still = matchMedia('(prefers-reduced-motion: reduce)');

  // layOut has the films laid out: by principal components at once, then so that
  // neighbors stay neighbors.
  async function layOut() {
    try {
      await api.post('places', {});
    } catch (error) {
      status.textContent = `There is no map: ${error.message}`;
      return;
    }
    ask();
  }

  // ask looks for what is new, often while films are being laid out.
  async function ask() {
    clearTimeout(timer);
    if (!state.mapping) return;
    try {
      take(await api.bytes('places', { version: head?.version ?? '' }));
      status.hidden = false;
    } catch (error) {
      status.textContent = `The map is not up to date: ${error.message}`;
    }
    timer = setTimeout(ask, head?.running ? 400 : 3000);
  }

  function take(buffer) {
    const length = new DataView(buffer).getUint32(0, true);
    const news = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
    const changed = !head || news.version !== head.version;
    head = news;
    if (changed) {
      const start = 4 + length, n = head.count;
      films = new Int32Array(buffer, start, n);
      const places = unit(new Float32Array(buffer, start + 4 * n, 2 * n));
      from = at.length === places.length && !still.matches ? current() : null;
      began = performance.now();
      at = places;
      index = null;
      if (shades?.length !== state.total) shade();
      draw();
    }
    tell();
    // Many more than are laid out, or the last ones: the map is made anew by itself.
    const behind = head.embedded - head.count, p = state.server?.progress, settled = p && p.done + p.failed >= p.total;
    if (behind > 0 && !head.running && !head.problem && (behind > head.count / 2 || settled)) layOut();
  }

  // unit brings places into a square from 0 to 1.
  function unit(places) {
    let x0 = Infinity, x1 = -Infinity, y0 = Infinity, y1 = -Infinity;
    for (let k = 0; k < places.length; k += 2) {
      x0 = Math.min(x0, places[k]); x1 = Math.max(x1, places[k]);
      y0 = Math.min(y0, places[k + 1]); y1 = Math.max(y1, places[k + 1]);
    }
    const size = Math.max(x1 - x0, y1 - y0) || 1, out = new Float32Array(places.length);
    for (let k = 0; k < places.length; k += 2) {
      out[k] = 0.5 + (places[k] - (x0 + x1) / 2) / size;
      out[k + 1] = 0.5 - (places[k + 1] - (y0 + y1) / 2) / size;
    }
    return out;
  }

  // current is where points are on their way.
  function current() {
    const t = from ? Math.min(1, (performance.now() - began) / 350) : 1;
    if (t === 1) { from = null; return at; }
    const out = new Float32Array(at.length), s = t * t * (3 - 2 * t);
    for (let k = 0; k < out.length; k++) out[k] = from[k] + (at[k] - from[k]) * s;
    return out;
  }

  function tell() {
    const count = (n) => n.toLocaleString('en');
    const behind = head.embedded - head.count;
    const parts = [];
    if (head.problem) parts.push(`The map could not be made: ${head.problem}.`);
    else if (!head.count && head.running) parts.push('Laying films out …');
    else if (!head.count) parts.push(head.embedded ? 'Laying films out …' : 'No film has an embedding yet.');
    else {
      parts.push(`${count(head.count)} films by ${head.method}`);
      if (head.sample < head.count && head.method === 'UMAP') parts.push(`of which ${count(head.sample)}, drawn by chance, were laid out and the others put between their nearest`);
      if (head.running) parts.push(head.method === 'UMAP' ? `${Math.round(100 * head.done)} % done` : 'neighbors are being looked for');
      if (behind > 0) parts.push(`${count(behind)} more have been embedded since`);
    }
    status.textContent = parts.join('; ');
    again.hidden = head.running || behind <= 0;
    stop.hidden = !head.running;
  }

  // shade asks what films are to be colored by.
  async function shade() {
    const what = `${by}/${state.finding}`;
    shadesOf = what;
    try {
      const bytes = new Uint8Array(await api.bytes('shades', { by, finding: state.finding }));
      if (shadesOf !== what) return;
      const length = new DataView(bytes.buffer).getUint32(0, true);
      const said = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
      shades = bytes.subarray(4 + length);
      palette(said);
    } catch (error) {
      if (shadesOf !== what) return;
      shades = null;
      legend.replaceChildren(element('span', {}, error.message));
    }
    draw();
  }

  let colors = [], order = [];

  function palette(said) {
    const soft = css('--map-none') || '#8a8b94';
    colors = new Array(256).fill(soft);
    const items = [];
    if (said.names) {
      said.names.forEach((name, k) => {
        colors[k] = css(`--${name}`) || kinds[k % kinds.length];
        items.push([colors[k], name]);
      });
      items.push([soft, said.none]);
    } else {
      for (let k = 0; k < none; k++) colors[k] = viridis(k / (none - 1));
    }
    legend.replaceChildren(...(said.names ? items.map(([c, text]) => {
      const item = element('span', { className: 'map-item' });
      const dot = element('i', {});
      dot.style.background = c;
      item.append(dot, text);
      return item;
    }) : [ramp(said), (() => {
      const item = element('span', { className: 'map-item' });
      const dot = element('i', {});
      dot.style.background = soft;
      item.append(dot, said.none);
      return item;
    })()]));
    order = [none, ...Array.from({ length: none }, (_, k) => k)];
  }

  function ramp(said) {
    const item = element('span', { className: 'map-item' }), bar = element('i', { className: 'map-ramp' });
    bar.style.background = `linear-gradient(90deg, ${[0, 0.25, 0.5, 0.75, 1].map(viridis).join()})`;
    item.append(said.low, bar, said.high);
    return item;
  }

  function viridis(t) {
    const p = Math.min(Math.max(t, 0), 1) * (scale.length - 1), k = Math.min(Math.floor(p), scale.length - 2);
    return `rgb(${scale[k].map((v, c) => Math.round(v + (scale[k + 1][c] - v) * (p - k))).join(' ')})`;
  }

  // Where a place is on the canvas, in its pixels.
  const size = () => Math.min(canvas.width, canvas.height) * 0.92 * view.zoom;
  const spot = (x, y) => [canvas.width / 2 + (x - view.x) * size(), canvas.height / 2 + (y - view.y) * size()];
  const place = (event) => {
    const box = canvas.getBoundingClientRect(), ratio = canvas.width / box.width;
    return [view.x + ((event.clientX - box.left) * ratio - canvas.width / 2) / size(), view.y + ((event.clientY - box.top) * ratio - canvas.height / 2) / size()];
  };

  function draw() {
    if (asked || container.hidden) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      paint();
      if (from) draw();
    });
  }

  function paint() {
    const box = stage.getBoundingClientRect(), ratio = devicePixelRatio;
    const w = Math.max(1, Math.round(box.width * ratio)), h = Math.max(1, Math.round(box.height * ratio));
    if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; }
    g.clearRect(0, 0, w, h);
    const places = current();
    const cloud = { places, films, shades, colors, soft: css('--soft'), selection: state.selection, view, spot, size: size() };
    if (films.length > few) squares(g, cloud, w, h, ratio); else discs(g, cloud, w, h, ratio);
    ring(places, state.cursor, css('--ink'), ratio);
    ring(places, hovered, css('--accent'), ratio);
    if (lasso) {
      g.beginPath();
      lasso.forEach(([x, y], k) => (k ? g.lineTo(...spot(x, y)) : g.moveTo(...spot(x, y))));
      g.closePath();
      g.fillStyle = css('--accent'); g.globalAlpha = 0.15; g.fill(); g.globalAlpha = 1;
      g.strokeStyle = css('--accent'); g.lineWidth = 1.5 * ratio; g.stroke();
    }
  }

  function ring(places, film, c, ratio) {
    const k = film < 0 ? -1 : films.indexOf(film);
    if (k < 0) return;
    g.beginPath();
    g.arc(...spot(places[2 * k], places[2 * k + 1]), 8 * ratio, 0, 7);
    g.strokeStyle = c; g.lineWidth = 2 * ratio; g.stroke();
  }

  // lookup is the film nearest to a place, within near pixels, or -1.
  function lookup([x, y]) {
    index ||= cells(at);
    const reach = near * devicePixelRatio / size(), { n, starts, items } = index;
    let best = -1, least = reach * reach;
    const cell = (v) => Math.min(n - 1, Math.max(0, Math.floor(v * n)));
    for (let cy = cell(y - reach); cy <= cell(y + reach); cy++) {
      for (let cx = cell(x - reach); cx <= cell(x + reach); cx++) {
        for (let i = starts[cy * n + cx]; i < starts[cy * n + cx + 1]; i++) {
          const k = items[i], d = (at[2 * k] - x) ** 2 + (at[2 * k + 1] - y) ** 2;
          if (d < least) { least = d; best = films[k]; }
        }
      }
    }
    return best;
  }

  let tipFor = -1, tipURL = '';
  async function hover(event) {
    const film = lookup(place(event));
    if (film !== hovered) { hovered = film; draw(); }
    tip.hidden = film < 0;
    if (film < 0) return;
    const box = stage.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    tip.style.left = `${x > box.width / 2 ? x - 158 : x + 14}px`;
    tip.style.top = `${Math.max(4, Math.min(y - 60, box.height - 190))}px`;
    if (film === tipFor) return;
    tipFor = film;
    const caption = element('figcaption', {}, (state.name ? state.name(film) : `${film + 1}`).split('/').pop());
    tip.replaceChildren(caption);
    try {
      const { blob } = await api.blob(`film/${film}/thumb`);
      if (tipFor !== film) return;
      URL.revokeObjectURL(tipURL);
      tipURL = URL.createObjectURL(blob);
      tip.replaceChildren(element('img', { src: tipURL, alt: '' }), caption);
    } catch { /* the grid tells why there is none */ }
  }

  function leave() {
    hovered = -1;
    tip.hidden = true;
    draw();
  }

  function select(test, add) {
    const chosen = new Set(add ? state.selection : []);
    for (let k = 0; k < films.length; k++) if (test(at[2 * k], at[2 * k + 1])) chosen.add(films[k]);
    state.set({ selection: chosen });
  }

  function selectSight() {
    const w = canvas.width / size() / 2, h = canvas.height / size() / 2;
    select((x, y) => Math.abs(x - view.x) <= w && Math.abs(y - view.y) <= h, false);
  }

  function setTool(t) {
    tool = t;
    for (const [name, b] of Object.entries(tools)) b.setAttribute('aria-pressed', name === t);
    canvas.style.cursor = t === 'move' ? 'grab' : 'crosshair';
  }

  const pointers = new Map();
  let spread = 0, moved = false;
  canvas.addEventListener('pointerdown', (e) => {
    canvas.setPointerCapture(e.pointerId);
    pointers.set(e.pointerId, e);
    spread = 0;
    moved = false;
    lasso = tool === 'lasso' && e.button === 0 && pointers.size === 1 ? [place(e)] : null;
    leave();
  });
  canvas.addEventListener('pointermove', (e) => {
    const before = pointers.get(e.pointerId);
    if (!before) { hover(e); return; }
    pointers.set(e.pointerId, e);
    const dx = e.clientX - before.clientX, dy = e.clientY - before.clientY;
    moved ||= Math.hypot(dx, dy) > 2 || lasso?.length > 4;
    if (pointers.size === 2) {
      lasso = null;
      const [a, b] = pointers.values(), now = Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
      if (spread) zoomAt(now / spread, place({ clientX: (a.clientX + b.clientX) / 2, clientY: (a.clientY + b.clientY) / 2 }));
      spread = now;
      pan(dx / 2, dy / 2);
    } else if (lasso) lasso.push(place(e));
    else pan(dx, dy);
    draw();
  });
  canvas.addEventListener('pointerup', (e) => {
    pointers.delete(e.pointerId);
    const line = lasso;
    lasso = null;
    if (line && moved && line.length > 2) select((x, y) => inside(line, x, y), e.shiftKey || e.ctrlKey || e.metaKey);
    else if (!moved) {
      const film = lookup(place(e));
      if (film >= 0) state.set({ cursor: film }); else if (state.selection.size) state.set({ selection: new Set() });
    }
    draw();
  });
  canvas.addEventListener('pointercancel', (e) => { pointers.delete(e.pointerId); lasso = null; draw(); });
  canvas.addEventListener('pointerleave', leave);
  canvas.addEventListener('dblclick', (e) => {
    const film = lookup(place(e));
    if (film >= 0) state.set({ cursor: film, viewing: true });
  });
  canvas.addEventListener('wheel', (e) => {
    e.preventDefault();
    zoomAt(Math.exp(-e.deltaY * (e.ctrlKey ? 0.01 : 0.0015)), place(e));
  }, { passive: false });
  canvas.addEventListener('keydown', (e) => {
    const moves = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    if (moves[e.key]) pan(...moves[e.key]);
    else if (e.key === '+' || e.key === '=') zoomAt(1.25, [view.x, view.y]);
    else if (e.key === '-') zoomAt(1 / 1.25, [view.x, view.y]);
    else if (e.key === '0') fit();
    else return;
    e.preventDefault();
    e.stopPropagation();
    draw();
  });

  function pan(dx, dy) {
    const s = size() / devicePixelRatio;
    view.x = Math.min(1.2, Math.max(-0.2, view.x - dx / s));
    view.y = Math.min(1.2, Math.max(-0.2, view.y - dy / s));
  }

  function zoomAt(factor, [x, y]) {
    const before = view.zoom;
    view.zoom = Math.min(400, Math.max(0.5, view.zoom * factor));
    view.x += (x - view.x) * (1 - before / view.zoom);
    view.y += (y - view.y) * (1 - before / view.zoom);
    draw();
  }

  function fit() { Object.assign(view, { zoom: 1, x: 0.5, y: 0.5 }); draw(); }

  color.addEventListener('change', () => { by = color.value; shade(); });
  for (const theme of [matchMedia('(prefers-color-scheme: dark)')]) theme.addEventListener('change', shade);
  new MutationObserver(shade).observe(document.documentElement, { attributeFilter: ['data-theme'] });
  new ResizeObserver(draw).observe(stage);
  state.on('selection cursor', draw);
  state.on('finding values scores', () => { if (state.mapping) shade(); });
  state.on('mapping', () => {
    container.hidden = !state.mapping;
    if (!state.mapping) return;
    ask();
    shade();
  });
  setTool('lasso');
}
