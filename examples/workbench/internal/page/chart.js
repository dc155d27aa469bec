// Small drawings as SVG.

export function svg(tag, attributes = {}, text) {
  const e = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
  if (text !== undefined) e.textContent = text;
  return e;
}

// A plot is axes from 0 to 1, or of other ranges, and what is drawn between them.
export function plot({ width = 300, height = 190, x = [0, 1], y = [0, 1], xTicks = [0, 0.5, 1], yTicks = [0, 0.5, 1], xName = '', yName = '', label }) {
  const left = 34, right = 10, top = 8, bottom = 30;
  const root = svg('svg', { viewBox: `0 0 ${width} ${height}`, class: 'chart', role: 'img', 'aria-label': label });
  const px = (v) => left + (v - x[0]) / (x[1] - x[0]) * (width - left - right);
  const py = (v) => height - bottom - (v - y[0]) / (y[1] - y[0]) * (height - top - bottom);
  for (const v of yTicks) {
    root.append(svg('line', { x1: left, x2: width - right, y1: py(v), y2: py(v), class: 'rule' }),
      svg('text', { x: left - 5, y: py(v) + 3.5, 'text-anchor': 'end' }, `${v}`));
  }
  for (const v of xTicks) root.append(svg('text', { x: px(v), y: height - bottom + 13, 'text-anchor': 'middle' }, `${v}`));
  root.append(svg('text', { x: (left + width - right) / 2, y: height - 3, 'text-anchor': 'middle', class: 'name' }, xName),
    svg('text', { transform: `translate(9 ${(top + height - bottom) / 2}) rotate(-90)`, 'text-anchor': 'middle', class: 'name' }, yName));
  return {
    root, px, py, left, right: width - right,
    value: (e) => { // where in the plot an event is
      const box = root.getBoundingClientRect();
      const at = (e.clientX - box.left) / box.width * width;
      return x[0] + (at - left) / (width - left - right) * (x[1] - x[0]);
    },
    line: (points, name) => root.append(svg('polyline', { points: points.map(([a, b]) => `${px(a)},${py(b)}`).join(' '), class: name })),
    area: (points, name) => root.append(svg('polygon', { points: points.map(([a, b]) => `${px(a)},${py(b)}`).join(' '), class: name })),
  };
}
