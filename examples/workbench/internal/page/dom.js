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
