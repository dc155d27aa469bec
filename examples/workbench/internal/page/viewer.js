// The viewer: one film, or two side by side, with windows, zoom, and what is known
// of where things are. It is open while state.viewing is true, on state.cursor.
import { Film } from './film.js';
import { Lungs, ScoreMap } from './overlay.js';
import { Pane, round } from './pane.js';
import { describe } from './about.js';
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

  const titleOf = (number) => (state.name ? state.name(number) : `${number + 1}`);

  // What a pane sees of the viewer.
  const viewer = {
    api, stage, view, shown, zoomed, under, load, need, update, redraw, move, setZoom, keepInside, fit, full, setActive, titleOf,
    get active() { return active; },
    get drag() { return drag; },
  };

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
      panes.push(new Pane(viewer, pinned));
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

  // update shows all that has changed, redraw what dragging changes.
  function update() {
    if (!state.viewing || !active) return;
    redraw();
    describe(about, active, shown);
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
      panes = [new Pane(viewer, state.cursor)];
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
