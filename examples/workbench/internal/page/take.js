// Take away: files, and the lines of Go that do the same.
import { element, button } from './dom.js';
import { notice } from './notice.js';
import { forget } from './api.js';

// save has the browser save a file.
export async function save(api, path, parameters) {
  try {
    const { blob, headers } = await api.blob(path, parameters);
    const a = element('a', { href: URL.createObjectURL(blob), download: /filename="(.*)"/.exec(headers.get('Content-Disposition'))?.[1] ?? '' });
    a.click();
    setTimeout(() => URL.revokeObjectURL(a.href), 10000);
  } catch (error) {
    notice(`Not taken: ${error.message}.`, { id: 'take' });
  }
}

export function open(container, api, state) {
  const rows = element('div', { className: 'rows' });
  const with_ = () => ({ finding: state.finding, threshold: state.threshold });
  const link = (text, title, path, parameters) => button(text, title, () => save(api, path, parameters()));
  const lines = element('dialog', { ariaLabel: 'Lines of Go', className: 'wide' });
  const code = element('pre', { tabIndex: 0 });
  const copy = button('Copy', 'Copy the lines', async () => { await navigator.clipboard.writeText(code.textContent); copy.textContent = 'Copied'; });
  const foot = element('div', { className: 'rows' });
  foot.append(copy, button('Close', 'Close', () => lines.close()));
  lines.append(element('h2', {}, 'The same in Go'), code, foot);
  document.body.append(lines);
  rows.append(
    link('Labels', 'labels.csv, which head.ReadLabels reads', 'take/labels.csv', () => ({})),
    link('Scores', 'scores.csv: of each film labels and probabilities', 'take/scores.csv', () => ({})),
    link('Head', 'The head of this finding, with the threshold chosen', 'take/head', with_),
    link('Report', 'The report of this finding as one page', 'take/report.html', with_),
    button('Go lines', 'A program that learns and judges the same', async () => {
      try { code.textContent = await (await api.blob('take/main.go', with_())).blob.text(); } catch (error) { notice(error.message, { id: 'take' }); return; }
      copy.textContent = 'Copy';
      lines.showModal();
    }));
  container.append(element('h2', {}, 'Take away'), rows);
  if (forget) container.append(forgetting());
}

// forgetting is a button that empties the browser's store, once that is confirmed.
function forgetting() {
  const sure = element('dialog', { ariaLabel: 'Forget everything' });
  const foot = element('div', { className: 'rows' });
  const all = button('Forget everything', 'Labels, films and embeddings of this page are gone then', async () => {
    all.disabled = true;
    try {
      await forget();
    } catch (error) {
      all.disabled = false;
      sure.close();
      notice(`Not all was forgotten: ${error.message}.`, { id: 'forget' });
    }
  });
  const keep = button('Keep it', 'Keep it', () => sure.close());
  all.className = 'grave';
  foot.append(keep, all);
  sure.append(element('h2', {}, 'Forget everything?'), element('p', {}, 'The films that you dropped on this page, their embeddings and all labels are kept in this browser, and nowhere else. Take away the labels first if you need them: this cannot be undone.'), foot);
  document.body.append(sure);
  const row = element('div', { className: 'rows' });
  row.append(button('Forget everything kept in this browser …', 'Labels, films and embeddings', () => { sure.showModal(); keep.focus(); }));
  return row;
}
