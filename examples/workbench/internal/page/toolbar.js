// The toolbar: which films in which order, how large, and how far things are.
import { element, button, middle } from './dom.js';
import { forget } from './api.js';

const orders = [['list', 'As listed'], ['next', 'To label next'], ['doubt', 'By doubt'], ['score', 'By score'], ['finding', 'By label'], ['split', 'By split'], ['mislabeled', 'Look mislabeled'], ['copies', 'Copies']];
const shows = [['all', 'All films'], ['unlabeled', 'Unlabeled'], ['labeled', 'Labeled'], ['present', 'Present'], ['absent', 'Absent'], ['unsure', 'Unsure'], ['failed', 'Without embedding']];

let state;

export function open(container, api, theState, reorder) {
  state = theState;
  const title = element('h1', {}, 'Workbench');
  const source = element('span', { className: 'source' });
  const order = select('Order', orders, (by) => reorder({ by }));
  const show = select('Films', shows, (v) => reorder({ show: v }));
  const split = select('Split', [['', 'All splits']], (v) => reorder({ split: v }));
  split.hidden = true;
  const again = button('↻', 'Order anew: labels and scores have changed', () => reorder());
  again.className = 'icon';
  const chip = element('span', { className: 'chip', hidden: true });
  const count = element('output', { className: 'soft' });
  const size = element('input', { type: 'range', min: 72, max: 256, step: 8, value: state.side ?? 128, ariaLabel: 'Size of the films', title: 'Size of the films' });
  size.value = localStorage.getItem('side') || 128;
  size.addEventListener('input', () => state.set({ side: +size.value }));
  const views = element('div', { className: 'segments', role: 'group', ariaLabel: 'Grid or map' });
  for (const [what, text] of [['grid', 'Grid'], ['map', 'Map'], ['both', 'Both']]) {
    const b = button(text, `${text} (G changes)`, () => map(what));
    b.dataset.view = what;
    b.setAttribute('aria-pressed', what === 'grid');
    views.append(b);
  }
  const meter = element('div', { className: 'meter', role: 'progressbar', ariaLabel: 'Embedding films' });
  meter.append(element('i', {}), element('span', {}));
  const saved = element('span', { className: 'saved' });
  const theme = button('◐', 'Light or dark', () => {
    const dark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    document.documentElement.dataset.theme = dark ? 'light' : 'dark';
    localStorage.setItem('theme', document.documentElement.dataset.theme);
  });
  if (localStorage.getItem('theme')) document.documentElement.dataset.theme = localStorage.getItem('theme');
  const keys = button('?', 'Keys (?)', () => document.getElementById('help').showModal());
  theme.className = keys.className = 'icon';
  container.append(title, source, order, show, split, again, chip, count, element('span', { className: 'space' }), meter, saved, views, size, theme, keys);

  function select(name, options, act) {
    const s = element('select', { ariaLabel: name, title: name });
    for (const [value, text] of options) s.append(new Option(text, value));
    s.addEventListener('change', () => { act(s.value); s.blur(); });
    return s;
  }

  function ordered() {
    const { show: now } = state;
    const special = now.films ? now.title : now.by === 'like' ? `Like ${middle(state.short(now.film), 28)}` : '';
    chip.hidden = !special;
    chip.replaceChildren(special, button('✕', 'Back to all films', () => reorder({ by: 'list', show: 'all', split: '', films: undefined })));
    order.hidden = show.hidden = !!now.films;
    order.value = now.by ?? 'list';
    show.value = now.show ?? 'all';
    split.value = now.split ?? '';
    counted();
    again.classList.remove('stale');
  }
  function counted() {
    const n = state.order.length, selected = state.selection.size;
    count.textContent = (selected ? `${selected.toLocaleString('en')} selected of ` : '') + `${n.toLocaleString('en')} film${n === 1 ? '' : 's'}`;
  }
  function served() {
    const { progress, saved: s, source: from, splits, folder } = state.server;
    source.textContent = from;
    if (splits.join() !== [...split.options].slice(1).map((o) => o.value).join()) split.replaceChildren(new Option('All splits', ''), ...splits.map((v) => new Option(v, v)));
    split.hidden = !splits.length;
    const looked = progress.done + progress.failed, busy = looked < progress.total && !progress.problem;
    meter.hidden = !busy && !progress.problem;
    meter.firstChild.style.width = `${100 * looked / Math.max(1, progress.total)}%`;
    meter.setAttribute('aria-valuenow', Math.round(100 * looked / Math.max(1, progress.total)));
    meter.lastChild.textContent = progress.problem || (!progress.model ? 'Opening the encoder …'
      : `${looked.toLocaleString('en')} of ${progress.total.toLocaleString('en')} embedded${progress.rate ? `, ${progress.rate.toPrecision(2)} a second, ${time(progress.left)} left` : ''}`);
    meter.title = meter.lastChild.textContent;
    saved.textContent = s.revision < s.labels ? 'Not saved' : !s.labels ? '' : folder || forget ? 'Saved' : 'In memory';
    saved.title = forget ? 'Labels are kept in this browser' : folder ? `Labels are kept in ${folder}/labels.csv` : 'Films are synthetic: labels are kept in memory, -out keeps them in a folder';
    saved.classList.toggle('bad', s.revision < s.labels);
  }
  state.on('order', ordered);
  state.on('selection', counted);
  state.on('values scores', () => again.classList.add('stale'));
  state.on('server', served);
  state.on('finding', () => { if (['next', 'doubt', 'score', 'finding', 'mislabeled'].includes(state.show.by) || !['all', 'failed', undefined].includes(state.show.show)) reorder(); });
}

function time(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

// map shows the grid, the map of embeddings, or both.
export function map(what) {
  document.getElementById('grid').hidden = what === 'map';
  document.getElementById('map').hidden = what === 'grid';
  state.set({ mapping: what !== 'grid' });
  for (const b of document.querySelectorAll('.segments [data-view]')) b.setAttribute('aria-pressed', b.dataset.view === what);
}

// help lists the keys.
export function help(dialog) {
  const rows = [
    ['P or 1', 'present'], ['A or 2', 'absent'], ['U or 3', 'unsure'], ['C or 0', 'no label'], ['Ctrl Z', 'undo'],
    ['← → ↑ ↓', 'another film'], ['Shift with arrows', 'select'], ['X', 'select this film'], ['Ctrl A', 'select all that are shown'], ['Esc', 'select none'],
    ['Enter', 'open the film'], ['N', 'films to label next'], ['S', 'films like this one'], ['G', 'grid or map'],
    ['In the viewer: W', 'next window'], ['I  L  H  V', 'invert, lungs, score map, model’s view'], ['B', 'side by side'], ['F  O  +  −', 'zoom'],
  ];
  const table = element('dl', {});
  for (const [key, what] of rows) {
    const term = element('dt', {});
    term.append(element('kbd', {}, key));
    table.append(term, element('dd', {}, what));
  }
  dialog.append(element('h2', {}, 'Keys'), table, button('Close', 'Close', () => dialog.close()));
}
