// Messages that must not be missed: a bar each, until what they tell of is over or
// somebody has read it.
import { element, button } from './dom.js';

const bars = new Map();

// notice shows a message with actions [[text, act], ...]. One with an id takes the
// place of the one before, and an empty text takes it away.
export function notice(text, { id = text, actions = [] } = {}) {
  const place = document.getElementById('notice');
  const old = bars.get(id);
  if (old && old.dataset.text === text) return;
  old?.remove();
  bars.delete(id);
  if (text) {
    const bar = element('div', { className: 'bar' });
    bar.dataset.text = text;
    bar.append(element('span', {}, text));
    const away = () => { bar.remove(); bars.delete(id); place.hidden = bars.size === 0; };
    for (const [what, act] of actions) bar.append(button(what, what, () => { away(); act(); }));
    bar.append(button('✕', 'Dismiss', away));
    place.append(bar);
    bars.set(id, bar);
  }
  place.hidden = bars.size === 0;
}

// say tells what somebody who does not see the page would miss.
export function say(text) { document.getElementById('live').textContent = text; }
