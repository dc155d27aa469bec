// The page: what is shown, what is selected, and which key does what.
import { api } from './api.js';
import * as grid from './grid.js';
import * as viewer from './viewer.js';
import * as map from './map.js';
import * as labels from './labels.js';
import * as train from './train.js';
import * as review from './review.js';
import * as take from './take.js';
import * as toolbar from './toolbar.js';
import { notice } from './notice.js';

// State is what modules share. They change it by set and hear of it by on:
//
//   total      number of films
//   order      Int32Array: the films in the order shown
//   show       {by, show, split, film}: what made the order; or {title, films}
//   cursor     the film that keys act on, or -1
//   selection  Set of films
//   viewing    whether the viewer is open
//   mapping    whether the map is
//   finding    the finding that is being labeled, or ''
//   findings   [{name, present, absent, unsure}]
//   values     Uint8Array: the finding's labels: 0 none, 1 absent, 2 present, 3 unsure
//   scores     Float32Array: the finding's probabilities, below 0: none
//   threshold  to call films positive at
//   films      Map of what is told of films, by number
//   server     the last answer of api/state
class State extends EventTarget {
  total = 0;
  order = new Int32Array(0);
  show = { by: 'list', show: 'all', split: '' };
  cursor = -1;
  selection = new Set();
  viewing = false;
  mapping = false;
  finding = '';
  findings = [];
  values = new Uint8Array(0);
  scores = new Float32Array(0);
  threshold = 0.5;
  server = null;
  films = new Map();

  set(changes) {
    Object.assign(this, changes);
    for (const name of Object.keys(changes)) this.dispatchEvent(new CustomEvent(name));
  }

  on(names, listener) {
    for (const name of names.split(' ')) this.addEventListener(name, listener);
  }

  // name is a film's ID, as far as it is known.
  name(film) { return this.films.get(film)?.id ?? `film ${film + 1}`; }

  // short is the end of its ID.
  short(film) { return this.name(film).split('/').slice(-2).join('/'); }

  // targets are the films that a label is for.
  targets() {
    if (this.selection.size) return [...this.selection];
    return this.cursor < 0 ? [] : [this.cursor];
  }

  // know has films told of.
  async know(films) {
    const unknown = films.filter((i) => !this.films.has(i) || this.films.get(i).state === 0);
    for (let at = 0; at < unknown.length; at += 500) {
      const { films: told } = await api.get('films', { films: unknown.slice(at, at + 500).join(',') });
      for (const film of told) this.films.set(film.film, film);
    }
    if (unknown.includes(this.cursor)) this.set({ films: this.films }); // its name is known now
  }
}

const state = new State();
window.workbench = state; // for tests, and for who is curious
let ordering = 0; // the last order that was asked for

// reorder shows films by a new or the old order.
async function reorder(changes = {}) {
  const show = 'films' in changes ? changes : { by: 'list', show: 'all', split: '', ...(state.show.films ? {} : state.show), ...changes };
  const mine = ++ordering;
  let order;
  try {
    order = show.films ? Int32Array.from(show.films)
      : new Int32Array(await api.bytes('order', { by: show.by, show: show.show, split: show.split, finding: state.finding, film: show.by === 'like' ? show.film : undefined }));
  } catch (error) {
    if (mine === ordering) notice(error.message);
    return;
  }
  if (mine !== ordering) return;
  state.set({ show, order });
  if (!order.includes(state.cursor)) state.set({ cursor: order.length ? order[0] : -1 });
}

// poll hears of what changes by itself.
async function poll() {
  let server;
  try {
    server = await api.get('state', {});
  } catch {
    labels.gone();
    setTimeout(poll, 2000);
    return;
  }
  notice('', { id: 'gone' });
  const old = state.server;
  if (!old || old.revision !== server.revision || old.saved.revision !== server.saved.revision) {
    const names = (list) => list.map((f) => f.name).join('\n');
    const changed = names(state.findings) !== names(server.findings);
    state.set({ server, findings: server.findings });
    if (server.films !== state.total) {
      state.set({ total: server.films });
      if (old) await reorder();
    }
    if (changed && !server.findings.some((f) => f.name === state.finding)) state.set({ finding: server.findings[0]?.name ?? '' });
  }
  setTimeout(poll, document.hidden ? 3000 : 600);
}

// move puts the cursor on another film of the order.
function move(by, extend) {
  const at = state.order.indexOf(state.cursor);
  const to = Math.max(0, Math.min(state.order.length - 1, at + by));
  if (!state.order.length) return;
  if (extend) {
    const selection = new Set(state.selection);
    for (let k = Math.min(at, to); k <= Math.max(at, to); k++) selection.add(state.order[Math.max(k, 0)]);
    state.set({ selection });
  }
  state.set({ cursor: state.order[to] });
}

const keys = {
  ArrowLeft: (e) => move(-1, e.shiftKey), ArrowRight: (e) => move(1, e.shiftKey),
  ArrowUp: (e) => move(-grid.columns(), e.shiftKey), ArrowDown: (e) => move(grid.columns(), e.shiftKey),
  PageUp: () => move(-grid.columns() * grid.rows()), PageDown: () => move(grid.columns() * grid.rows()),
  Home: () => move(-state.order.length), End: () => move(state.order.length),
  Enter: () => state.set({ viewing: state.cursor >= 0 }), ' ': () => state.set({ viewing: state.cursor >= 0 }),
  x: () => { const s = new Set(state.selection); if (!s.delete(state.cursor)) s.add(state.cursor); state.set({ selection: s }); },
  Escape: () => state.set({ selection: new Set() }),
  n: () => reorder({ by: 'next' }),
  s: () => state.cursor >= 0 && reorder({ by: 'like', film: state.cursor }),
  g: () => toolbar.map(state.mapping ? 'grid' : 'both'),
  '?': () => document.getElementById('help').showModal(),
};
const marks = { p: 2, 1: 2, a: 1, 2: 1, u: 3, 3: 3, c: 0, 0: 0, Backspace: 0, Delete: 0 };

// label labels the targets, and goes on if it was one.
export function label(value) {
  const films = state.targets();
  if (!films.length) return;
  labels.give(films, value);
  if (!state.selection.size && value !== 0 && labels.advances()) move(1);
}

document.addEventListener('keydown', (e) => {
  if (e.target.closest?.('input, select, textarea, dialog')) return;
  if ((e.ctrlKey || e.metaKey) && !e.altKey) {
    if (e.key === 'z') { e.preventDefault(); labels.undo(); }
    if (e.key === 'a' && !state.viewing) { e.preventDefault(); state.set({ selection: new Set(state.order) }); }
    return;
  }
  if (e.altKey) return;
  if (e.target.closest?.('button, a, summary, [role="slider"]') && (e.key === 'Enter' || e.key === ' ' || e.key.startsWith('Arrow'))) return;
  const act = e.key in marks ? () => label(marks[e.key]) : keys[e.key];
  if (!act) return;
  e.preventDefault();
  act(e);
});

// Films may be dropped anywhere.
document.addEventListener('dragover', (e) => e.preventDefault());
document.addEventListener('drop', async (e) => {
  e.preventDefault();
  let last = -1;
  for (const file of e.dataTransfer.files) {
    try {
      last = (await api.send('drop', file)).film;
    } catch (error) {
      if (error.body?.film !== undefined) last = error.body.film;
      notice(`A film was not added: ${error.message}.`);
    }
  }
  if (last < 0) return;
  state.set({ total: Math.max(state.total, last + 1) });
  await reorder({ by: 'list', show: 'all', split: '' });
  state.set({ cursor: last });
});

async function start() {
  const element = (id) => document.getElementById(id);
  toolbar.open(element('toolbar'), api, state, reorder);
  labels.open(element('label'), api, state, label);
  train.open(element('head'), api, state, reorder);
  review.open(element('review'), api, state, reorder);
  take.open(element('take'), api, state);
  viewer.open(element('viewer'), api, state);
  map.open(element('map'), api, state);
  grid.open(element('grid'), api, state);
  toolbar.help(element('help'));
  await poll();
  await reorder();
  state.set({ cursor: state.order[0] ?? -1 });
  element('grid').focus({ preventScroll: true });
}

start();
