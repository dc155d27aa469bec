// Labels: findings, keys and buttons that label, what is not kept yet, and undo.
import { element, button, middle } from './dom.js';
import { notice, say } from './notice.js';
import { save } from './take.js';

const page = crypto.randomUUID(); // which tells this page's changes from those of others
const words = ['no label', 'absent', 'present', 'unsure'];
const waiting = []; // changes that the program has not taken yet
let api, state, sending = false;
let revision = 0; // of the labels that are shown: what others changed since is a conflict

export function open(container, theApi, theState, label) {
  [api, state] = [theApi, theState];
  const list = element('div', { className: 'findings', role: 'radiogroup', ariaLabel: 'Finding to label' });
  const add = element('form', { className: 'add' });
  const name = element('input', { placeholder: 'New finding', ariaLabel: 'Name of a new finding', maxLength: 60, autocomplete: 'off' });
  add.append(name, element('button', { type: 'submit' }, 'Add'));
  add.addEventListener('submit', async (e) => {
    e.preventDefault();
    try {
      kept(await api.post('findings', { name: name.value }));
      state.set({ finding: name.value.trim() });
      name.value = '';
    } catch (error) {
      notice(`The finding was not added: ${error.message}.`, { id: 'finding' });
      return;
    }
    notice('', { id: 'finding' });
    document.getElementById('grid').focus({ preventScroll: true });
  });
  const buttons = element('div', { className: 'marks', role: 'group', ariaLabel: 'Label' });
  for (const [text, key, value] of [['Present', 'P', 2], ['Absent', 'A', 1], ['Unsure', 'U', 3], ['Clear', 'C', 0]]) {
    const b = button('', `${text} (${key})`, () => label(value));
    b.className = words[value].replace(' ', '');
    b.append(element('span', {}, text), element('kbd', {}, key));
    buttons.append(b);
  }
  const target = element('p', { className: 'target' });
  const advance = element('label', { className: 'check' });
  const box = element('input', { type: 'checkbox', checked: localStorage.getItem('advance') !== 'no' });
  box.id = 'advance';
  box.addEventListener('change', () => localStorage.setItem('advance', box.checked ? 'yes' : 'no'));
  advance.append(box, ' Go to the next film');
  container.append(element('h2', {}, 'Label'), list, add, buttons, target, advance);

  function show() {
    const rows = state.findings.map((f) => {
      const row = button('', `Label ${f.name}`, () => state.set({ finding: f.name }));
      row.setAttribute('role', 'radio');
      row.setAttribute('aria-checked', f.name === state.finding);
      row.append(element('span', { className: 'name' }, f.name),
        element('span', { className: 'count present', title: 'present' }, `${f.present}`),
        element('span', { className: 'count absent', title: 'absent' }, `${f.absent}`),
        element('span', { className: 'count unsure', title: 'unsure' }, f.unsure ? `${f.unsure}` : ''));
      return row;
    });
    const focused = [...list.children].indexOf(document.activeElement);
    list.replaceChildren(...rows);
    if (focused >= 0) rows[focused]?.focus();
    aim();
  }
  function aim() {
    const films = state.targets();
    for (const b of buttons.children) b.disabled = !state.finding || !films.length;
    add.classList.toggle('first', !state.finding);
    target.textContent = !state.finding ? 'Name a finding, such as effusion, to label films with it.'
      : films.length > 1 ? `For ${films.length} selected films`
        : films.length ? `For ${middle(state.short(films[0]), 34)}` : 'Choose a film.';
    target.title = films.length === 1 ? state.name(films[0]) : '';
  }
  state.on('findings finding', show);
  state.on('selection cursor films', aim);
  state.on('finding', () => { state.set({ scores: new Float32Array(0), values: new Uint8Array(state.total) }); read(); });
  state.on('server', () => { if (state.server.saved.labels !== revision && !sending && !waiting.length) read(); kept(state.server.saved); });
}

// advances is whether one label leads to the next film.
export const advances = () => document.getElementById('advance').checked;

// read reads the finding's labels as the program has them, with those laid over it
// that it has not taken yet.
async function read() {
  const finding = state.finding;
  if (!finding) return;
  let told;
  try { told = await api.get('labels', { finding }); } catch { return; }
  if (finding !== state.finding) return;
  revision = told.revision;
  const values = Uint8Array.from(told.values, (digit) => digit.charCodeAt(0) - 48);
  for (const change of waiting) if (change.finding === finding) for (const i of change.films) values[i] = change.value;
  state.set({ values });
}

// give labels films: at once here, and as soon as can be in the program.
export function give(films, value) {
  if (!state.finding) { notice('Add a finding first: films are labeled with it.', { id: 'finding' }); return; }
  const values = state.values.slice();
  for (const i of films) values[i] = value;
  state.set({ values });
  say(`${films.length > 1 ? `${films.length} films` : state.name(films[0])}: ${state.finding} ${words[value]}`);
  waiting.push({ page, base: revision, finding: state.finding, films, value });
  send();
}

async function send() {
  if (sending) return;
  sending = true;
  while (waiting.length) {
    const change = waiting[0];
    try {
      const done = await api.post('labels', change);
      waiting.shift();
      kept(done.saved);
    } catch (error) {
      if (!error.status) { // no answer: it is tried again
        gone();
        await new Promise((go) => setTimeout(go, 1500));
        continue;
      }
      waiting.shift();
      if (error.status === 409 && error.body.conflicts) await disagree(change, error.body);
      else notice(`Not labeled: ${error.message}.`, { id: 'label' });
    }
  }
  sending = false;
  await read();
}

// gone tells that the program does not answer, and how to take along what it has not.
export function gone() {
  const n = waiting.reduce((sum, change) => sum + change.films.length, 0);
  if (!n) { notice('The program does not answer. Start it again, and open the address that it prints.', { id: 'gone' }); return; }
  notice(`The program does not answer. ${n} label${n > 1 ? 's are' : ' is'} kept here until it does.`, { id: 'gone', actions: [['Download them', download]] });
}

// download is what the program has not taken, as a table that it reads.
function download() {
  const cell = (text) => `"${text.replaceAll('"', '""')}"`;
  const findings = [...new Set(waiting.map((change) => change.finding))];
  const rows = new Map();
  for (const change of waiting) for (const i of change.films) rows.set(i, { ...rows.get(i), [change.finding]: ['', '0', '1', '-1'][change.value] });
  const lines = [['image_id', ...findings].map(cell).join(), ...[...rows].map(([i, values]) => [cell(state.name(i)), ...findings.map((f) => values[f] ?? '')].join())];
  const a = element('a', { href: URL.createObjectURL(new Blob([lines.join('\n') + '\n'], { type: 'text/csv' })), download: 'labels-not-saved.csv' });
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 10000);
}

window.addEventListener('beforeunload', (e) => { if (waiting.length) e.preventDefault(); });

// disagree asks what to do with labels that another page has changed.
async function disagree(change, body) {
  const n = body.conflicts.length;
  const theirs = n === 1 ? `as ${words[body.conflicts[0].value]}` : 'otherwise';
  notice(`Another page has labeled ${n === 1 ? state.name(body.conflicts[0].film) : `${n} of these films`} ${theirs} meanwhile.`, {
    id: 'conflict',
    actions: [['Keep theirs', () => {}], [`Make ${n === 1 ? 'it' : 'them'} ${words[change.value]}`, () => {
      waiting.push({ ...change, base: body.revision });
      send();
    }]],
  });
}

// kept shows whether labels are where they outlast the program.
function kept(saved) {
  if (!saved.error) { notice('', { id: 'save' }); return; }
  const foreign = saved.error.includes('another program');
  notice(`Labels are not saved: ${saved.error}. They are kept by the program as long as it runs.`, {
    id: 'save',
    actions: [[foreign ? 'Overwrite it' : 'Try again', async () => kept(await api.post('save', { overwrite: foreign }))],
      ['Download them', () => save(api, 'take/labels.csv')]],
  });
}

export async function undo() {
  if (waiting.length) return;
  let done;
  try {
    done = await api.post('undo', { page });
  } catch (error) {
    notice(error.status === 409 && error.message.includes('nothing') ? 'There is nothing to undo.' : `Not undone: ${error.message}.`, { id: 'undo' });
    return;
  }
  notice('', { id: 'undo' });
  kept(done.saved);
  if (done.finding !== state.finding) state.set({ finding: done.finding });
  else await read();
  if (done.films.length === 1) state.set({ cursor: done.films[0] });
  say(`undone: ${done.finding}, ${done.films.length} film${done.films.length > 1 ? 's' : ''}`);
}
