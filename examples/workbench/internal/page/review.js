// Review: what to label next, what looks wrong, what is there twice.
import { element, button } from './dom.js';

export function open(container, api, state, reorder) {
  const next = button('Label next', 'Films that the head doubts, unlike each other (N)', () => reorder({ by: 'next' }));
  next.append(element('kbd', {}, 'N'));
  const wrong = button('', 'Films that heads which have not seen them take for the other class', () => reorder({ by: 'mislabeled', show: 'all', split: '' }));
  const twice = button('', 'Films that look the same', async () => {
    copies = await api.get('copies', {});
    reorder({ title: `Copies: ${copies.length} pairs`, films: [...new Set(copies.flatMap((c) => c.films))] });
  });
  const rows = element('div', { className: 'rows' });
  rows.append(next, wrong, twice);
  const about = element('p', { className: 'soft' });
  const bias = element('p', { className: 'soft', hidden: true }, 'Films chosen by doubt are harder than films as they come: judge the head on others in the end.');
  state.on('order', () => { if (state.show.by === 'next') bias.hidden = false; });
  container.append(element('h2', {}, 'Review'), rows, bias, about);
  let copies = [], waiting = false;

  async function read() {
    if (waiting || !state.finding) return;
    waiting = true;
    const finding = state.finding;
    try {
      const [suspects, found, leaks] = await Promise.all([api.get('suspects', { finding }), api.get('copies', {}), api.get('leaks', {})]);
      copies = found;
      label(wrong, 'Look mislabeled', suspects.length);
      label(twice, 'Copies', copies.length);
      const across = copies.filter((c) => c.splits).length, people = copies.filter((c) => c.patients).length, against = copies.filter((c) => c.labels).length;
      const said = [];
      if (across) said.push(`${pairs(across)} in different splits: a head is judged on a film it has seen`);
      if (people) said.push(`${pairs(people)} said to be of different patients`);
      if (against) said.push(`${pairs(against)} with labels that contradict each other`);
      const shared = leaks.filter((l) => l.patients).map((l) => `${l.patients} patient${l.patients === 1 ? ' has' : 's have'} films in both ${l.splits[0]} and ${l.splits[1]}`);
      about.textContent = (said.length ? `Copies: ${said.join('; ')}. ` : '') + (shared.length ? `Leaks: ${shared.join('; ')}.` : '');
    } catch { /* the state says what is wrong */ }
    setTimeout(() => { waiting = false; }, 1500);
  }
  const pairs = (n) => `${n} pair${n === 1 ? '' : 's'}`;
  function label(b, text, n) {
    b.replaceChildren(text, element('span', { className: 'count' }, `${n}`));
    b.disabled = n === 0;
  }
  label(wrong, 'Look mislabeled', 0);
  label(twice, 'Copies', 0);
  container.hidden = true;
  state.on('finding', () => { container.hidden = !state.finding; });
  state.on('server finding', read);
}
