// The head of the finding: how good it is on patients that it has not seen, where to
// call films positive, and the films behind each count.
import { element, button } from './dom.js';
import { plot, svg } from './chart.js';

export function open(container, api, state, reorder) {
  const headline = element('div', { className: 'auc' });
  const told = element('p', { className: 'soft' });
  const roc = element('div', {}), cells = element('div', {}), calibration = element('div', {}), curve = element('div', {});
  const warnings = element('ul', { className: 'warnings' });
  const more = element('details', {});
  more.append(element('summary', {}, 'Calibration'), calibration);
  more.open = localStorage.getItem('calibration') === 'open';
  more.addEventListener('toggle', () => localStorage.setItem('calibration', more.open ? 'open' : ''));
  container.append(element('h2', {}, 'Head'), headline, told, roc, cells, curve, more, warnings);
  let learned = null, chosen = null, asked = 0, shownOf = '', handle = null, dragging = false, last = null;

  async function read() {
    const finding = state.finding;
    if (!finding) return;
    let now;
    try { now = await api.get('learned', { finding }); } catch { return; }
    if (finding !== state.finding) return;
    const key = JSON.stringify(now);
    if (key === shownOf) return;
    shownOf = key;
    learned = now;
    if (now.fit && !now.problem) {
      try {
        const scores = new Float32Array(await api.bytes('scores', { finding }));
        if (finding === state.finding) state.set({ scores });
      } catch { /* there are none yet */ }
    } else if (state.scores.length) {
      state.set({ scores: new Float32Array(0) });
    }
    if (!dragging) { show(); point(chosen === null ? {} : { threshold: chosen }); }
  }

  function show() {
    const f = learned.figures;
    headline.replaceChildren();
    for (const part of [roc, calibration, curve, warnings]) part.replaceChildren(); // the counts stay until there are newer ones
    more.hidden = !f;
    if (learned.problem || !f) {
      cells.replaceChildren();
      last = null;
      headline.append(element('strong', { className: 'none' }, 'No figures yet'));
      told.textContent = learned.problem || learned.unjudged || (learned.fit ? 'Judging …' : 'The first films are being embedded …');
      return;
    }
    const known = f.auc.value !== null && f.auc.low !== null;
    headline.append(element('strong', {}, known ? f.auc.value.toFixed(2) : 'unknown'),
      element('span', {}, known ? `${f.auc.low.toFixed(2)} to ${f.auc.high.toFixed(2)}` : ''), element('small', { title: learned.current ? 'Of all labels' : 'Being judged anew' }, learned.current ? 'AUC' : 'AUC …'), range(f.auc));
    told.textContent = `${f.films} films of ${f.patients} patients, ${f.positives} with ${state.finding}: cross-validated by patient. They are the films that you labeled, which need not be like the others. Learned in ${Math.max(1, Math.round(learned.fit))} ms.`
      + (learned.unknown ? ` ${learned.unknown} films do not tell whose they are and count as a patient each.` : '')
      + (f.halfPositives ? ` About ${f.halfPositives} films with it and ${f.halfNegatives} without would halve the interval.` : '');
    drawROC(f);
    drawCalibration(f);
    drawCurve();
    warnings.replaceChildren(...f.warnings.map((w) => element('li', {}, w)));
  }

  // range is the interval on the way from chance to certainty.
  function range(auc) {
    const root = svg('svg', { viewBox: '0 0 300 16', class: 'range', 'aria-hidden': 'true' });
    const x = (v) => 2 + 296 * v;
    root.append(svg('line', { x1: 2, x2: 298, y1: 8, y2: 8, class: 'rule' }), svg('line', { x1: x(0.5), x2: x(0.5), y1: 3, y2: 13, class: 'chance' }));
    if (auc.low !== null) root.append(svg('line', { x1: x(auc.low), x2: x(auc.high), y1: 8, y2: 8, class: 'interval' }), svg('circle', { cx: x(auc.value), cy: 8, r: 4.5, class: 'value' }));
    return root;
  }

  function drawROC(f) {
    const p = plot({ label: 'ROC curve', xName: '1 − specificity', yName: 'sensitivity' });
    p.line([[0, 0], [1, 1]], 'chance');
    const points = f.roc.filter(([a, b]) => a !== null && b !== null);
    p.line(points, 'curve');
    handle = svg('circle', { r: 7, class: 'handle', tabindex: 0, role: 'slider', 'aria-label': 'Operating point: threshold of probability', 'aria-valuemin': 0, 'aria-valuemax': 1 });
    handle.append(svg('title', {}, 'Drag to choose the operating point'));
    p.root.append(handle);
    const nearest = (share) => {
      let best = points[0];
      for (const one of points) if (one[2] !== null && Math.abs(one[0] - share) < Math.abs(best[0] - share)) best = one;
      return best?.[2] ?? 1;
    };
    const drag = (e) => { dragging = true; choose(Math.min(1, nearest(p.value(e)))); };
    p.root.addEventListener('pointerdown', (e) => { p.root.setPointerCapture(e.pointerId); drag(e); handle.focus(); });
    p.root.addEventListener('pointermove', (e) => { if (e.buttons) drag(e); });
    p.root.addEventListener('pointerup', () => { dragging = false; });
    p.root.addEventListener('lostpointercapture', () => { dragging = false; });
    handle.addEventListener('keydown', (e) => {
      const by = { ArrowLeft: 0.01, ArrowDown: 0.01, ArrowRight: -0.01, ArrowUp: -0.01 }[e.key];
      if (!by) return;
      e.preventDefault();
      choose(Math.max(0, Math.min(1, state.threshold + by)));
    });
    handle.at = (x, y) => { handle.setAttribute('cx', p.px(x)); handle.setAttribute('cy', p.py(y)); };
    handle.at(...(last ?? [0, 0]));
    roc.append(p.root);
  }

  function choose(threshold) {
    chosen = threshold;
    point({ threshold });
  }

  // point asks what happens at a threshold, or where sensitivity and specificity are
  // largest together.
  async function point(parameters) {
    if (!learned?.figures) return;
    const mine = ++asked, finding = state.finding;
    let now;
    try { now = await api.get('point', { finding, ...parameters }); } catch { return; }
    if (mine !== asked || finding !== state.finding) return;
    state.set({ threshold: now.threshold ?? 1 });
    showPoint(now);
  }

  const text = (i) => (i.value === null ? 'unknown' : i.text);

  function showPoint(now) {
    if (now.specificity.value !== null && now.sensitivity.value !== null) last = [1 - now.specificity.value, now.sensitivity.value];
    if (last) handle?.at(...last);
    handle?.setAttribute('aria-valuenow', state.threshold.toFixed(3));
    handle?.setAttribute('aria-valuetext', `threshold ${state.threshold.toFixed(2)}, sensitivity ${text(now.sensitivity)}, specificity ${text(now.specificity)}`);
    const table = element('table', { className: 'confusion' });
    const caption = element('caption', {});
    const back = button('Youden', 'The point where sensitivity and specificity are largest together', () => { chosen = null; point({}); });
    caption.append(`Called present from ${state.threshold.toFixed(2)} on `, back);
    const row = (name, a, b, titles) => {
      const r = element('tr', {});
      r.append(element('th', { scope: 'row' }, name));
      for (const [cell, title, good] of [[a, titles[0], titles[2]], [b, titles[1], !titles[2]]]) {
        const d = element('td', { className: good ? 'right' : 'wrong' });
        const show = button(`${cell.count}`, `Show the ${title}`, () => reorder({ title: `${title[0].toUpperCase()}${title.slice(1)}: ${cell.count}`, films: cell.films }));
        show.disabled = cell.count === 0;
        d.append(show, element('small', {}, title));
        r.append(d);
      }
      return r;
    };
    const top = element('tr', {});
    top.append(element('td', {}), element('th', { scope: 'col' }, 'called present'), element('th', { scope: 'col' }, 'called absent'));
    table.append(caption, top, row('present', now.tp, now.fn, ['true positives', 'false negatives', true]), row('absent', now.fp, now.tn, ['false positives', 'true negatives', false]));
    const list = element('dl', { className: 'figures' });
    for (const [name, i] of [['Sensitivity', now.sensitivity], ['Specificity', now.specificity], ['PPV here', now.ppv], ['NPV here', now.npv]]) list.append(element('dt', {}, name), element('dd', {}, text(i)));
    const focused = cells.contains(document.activeElement);
    cells.replaceChildren(table, list, element('p', { className: 'note' }, 'A point chosen on the films that it is judged on looks better than it is.'));
    if (focused) cells.querySelector('button')?.focus();
  }

  function drawCalibration(f) {
    const p = plot({ label: 'Calibration', xName: 'probability', yName: 'share with it', height: 170 });
    p.line([[0, 0], [1, 1]], 'chance');
    for (const b of f.bins) {
      if (b.predicted === null || b.observed.value === null) continue;
      if (b.observed.low !== null) p.line([[b.predicted, b.observed.low], [b.predicted, b.observed.high]], 'whisker');
      const dot = svg('circle', { cx: p.px(b.predicted), cy: p.py(b.observed.value), r: Math.min(7, 2 + Math.sqrt(b.films) / 2), class: 'dot' });
      dot.append(svg('title', {}, `${b.films} films: ${b.observed.text}`));
      p.root.append(dot);
    }
    calibration.append(p.root, element('p', { className: 'soft' }, `Slope ${f.slope.text} (1 is right, below 1 is too sure); Brier score ${f.brier === null ? 'unknown' : f.brier.toFixed(3)}.`));
  }

  function drawCurve() {
    const points = learned.curve ?? [];
    if (points.length < 2) return;
    const first = points[0].films, last = points[points.length - 1].films;
    const p = plot({ label: 'Learning curve', xName: 'labeled films', yName: 'AUC', height: 150, x: [first, Math.max(last, first + 1)], xTicks: [first, last], y: [0, 1] });
    p.line([[first, 0.5], [last, 0.5]], 'chance');
    p.area([...points.map((c) => [c.films, c.high]), ...points.slice().reverse().map((c) => [c.films, c.low])], 'band');
    p.line(points.map((c) => [c.films, c.auc]), 'curve');
    curve.append(element('h3', {}, 'As you label'), p.root);
  }

  container.hidden = true;
  state.on('finding', () => { container.hidden = !state.finding; learned = null; chosen = null; last = null; shownOf = ''; told.textContent = ''; headline.replaceChildren(); for (const part of [roc, cells, calibration, curve, warnings]) part.replaceChildren(); more.hidden = true; read(); });
  state.on('server', read);
}
