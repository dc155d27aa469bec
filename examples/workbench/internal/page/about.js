// What the viewer says of a film, beside it.
import { element } from './dom.js';

const text = (tag, words, className = '') => element(tag, { className }, words);

// describe tells of a pane's film, and of what is shown of it.
export function describe(about, pane, shown) {
  about.replaceChildren();
  const { film } = pane;
  if (!film) { about.hidden = true; return; }
  const facts = [`${film.width} × ${film.height} pixels`, `${film.levels.toLocaleString('en')} gray levels`];
  about.append(text('p', facts.join(', ')));
  if (film.levels <= 256) about.append(text('p', 'This film has 8 bits: a window spreads its 256 grays or fewer, and brings out nothing that was not kept.', 'viewer-doubt'));
  if (film.luts) about.append(text('p', 'The file has a table of grays (VOI LUT) of its own, which is shown first.'));
  if (film.step !== 1) about.append(text('p', `Values are in steps of ${film.step.toPrecision(3)}.`));
  for (const note of film.notes) about.append(text('p', `${note[0].toUpperCase()}${note.slice(1)}.`, 'viewer-soft'));
  if (shown.lungs) describeLungs(about, pane);
  if (shown.map) describeMap(about, pane);
  if (shown.seen) describeSeen(about, pane);
  about.hidden = false;
}

function describeLungs(about, pane) {
  const { lungs } = pane;
  about.append(text('h3', 'Lungs'));
  if (pane.lungsProblem) return about.append(text('p', pane.lungsProblem, 'viewer-doubt'));
  if (!lungs) return about.append(text('p', 'Looking for them …', 'viewer-soft'));
  if (!lungs.found) about.append(text('p', 'Not found.', 'viewer-doubt'));
  for (const doubt of lungs.doubts) about.append(text('p', `Not to be believed: ${doubt}.`, 'viewer-doubt'));
  if (!lungs.found) return undefined;
  const rows = [['Cardiothoracic ratio, median width', lungs.heart.median ? lungs.heart.median.toFixed(2) : 'not measurable'],
    ['Cardiothoracic ratio, classical', lungs.heart.classical ? lungs.heart.classical.toFixed(2) : 'not measurable'],
    ['Right lung, of the film', `${(100 * lungs.rightArea).toFixed(0)} %`], ['Left lung, of the film', `${(100 * lungs.leftArea).toFixed(0)} %`],
    ['Smaller over larger lung', lungs.symmetry.toFixed(2)], ['Sureness of the outline', lungs.sureness.toFixed(2)]];
  const list = element('dl', {});
  for (const [what, value] of rows) list.append(text('dt', what), text('dd', value));
  about.append(list, text('p', 'The patient’s right lung is blue, the left orange; heart red, chest yellow.', 'viewer-soft'));
  return undefined;
}

function describeMap(about, pane) {
  const { map } = pane;
  about.append(text('h3', 'Where the score comes from'));
  if (pane.mapWait) return about.append(text('p', 'Covering the film part by part …', 'viewer-soft'));
  if (!map) return about.append(text('p', `There is no map: ${pane.mapProblem || 'it was not asked for'}.`.replace(/\.\.$/, '.'), 'viewer-doubt'));
  const scale = element('div', { className: 'viewer-scale', role: 'img', ariaLabel: 'Red speaks for the finding, blue against it' });
  scale.append(text('span', `−${map.most.toFixed(2)}`), text('span', '0'), text('span', `+${map.most.toFixed(2)}`));
  about.append(scale, text('p', map.said.exact ? 'Log odds that each place adds to the score.' : 'Log odds by which the score falls if a part is covered with gray.', 'viewer-soft'));
  if (!map.chance) return undefined;
  const small = pane.small(240), g = small.getContext('2d'), share = small.width / pane.film.width;
  small.className = 'viewer-chance';
  small.setAttribute('role', 'img');
  small.setAttribute('aria-label', 'Map of a head that learned from shuffled labels');
  g.scale(share, share);
  map.chance.draw(g, 1 / share, pane.film);
  about.append(text('p', 'The same of a head that learned from shuffled labels, by the same scale. What both show is no finding.'), small);
  return undefined;
}

function describeSeen(about, pane) {
  const { seen } = pane;
  about.append(text('h3', 'What the model sees'));
  if (pane.seenProblem) return about.append(text('p', pane.seenProblem, 'viewer-doubt'));
  if (!seen) return about.append(text('p', 'Making it …', 'viewer-soft'));
  about.append(element('img', { className: 'viewer-seen', src: `data:image/png;base64,${seen.png}`, alt: 'The film as the model gets it' }), text('p', `${seen.said}.`, 'viewer-soft'));
  return undefined;
}
