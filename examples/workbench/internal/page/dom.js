// Small words for elements.

export function element(tag, properties, text) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === 'role') e.setAttribute('role', value); else e[name] = value;
  }
  if (text !== undefined) e.textContent = text;
  return e;
}

export function button(text, title, act) {
  const b = element('button', { type: 'button', title }, text);
  if (!/\w/.test(text)) b.ariaLabel = title;
  b.addEventListener('click', act);
  return b;
}

// middle leaves out the middle of a text that is longer than so many characters: the
// ends of names tell most.
export function middle(text, most) {
  if (text.length <= most) return text;
  const end = Math.ceil((most - 1) * 0.6);
  return `${text.slice(0, most - 1 - end)}…${text.slice(-end)}`;
}
