// The grid: as many tiles as fit on the screen, which move with the scrolling, and
// pictures that come by the sheet.

const gap = 4, sheetFilms = 64, sheetColumns = 8, thumb = 128, kept = 16, atOnce = 3;
let across = 1, down = 1;

export const columns = () => across;
export const rows = () => down;

export function open(container, api, state) {
  container.tabIndex = 0;
  container.setAttribute('role', 'listbox');
  container.setAttribute('aria-multiselectable', 'true');
  const field = document.createElement('div');
  field.className = 'field';
  container.append(field);
  const empty = document.createElement('p');
  empty.className = 'empty';
  empty.textContent = 'No film is like that. Choose other films above.';
  empty.hidden = true;
  container.append(empty);
  const tiles = new Map(); // place in order -> tile
  const spare = []; // tiles to use again
  const sheets = new Map(); // number of sheet -> {bitmap, shown, stop}, the last used last
  const arrived = new Set(); // sheets that are not drawn yet
  let wanted = +(localStorage.getItem('side') || 128), side = wanted, waiting = false, anchor = -1, shown = state.order;

  function layout() {
    const width = container.clientWidth - gap;
    across = Math.max(1, Math.round(width / (wanted + gap)));
    side = width / across - gap; // rows are full
    down = Math.max(1, Math.floor(container.clientHeight / (side + gap)));
    field.style.height = `${Math.ceil(state.order.length / across) * (side + gap) + gap}px`;
    empty.hidden = state.order.length > 0 || !state.total;
    for (const tile of tiles.values()) release(tile);
    tiles.clear();
    draw();
  }

  // fresh drops the pictures: films have other places now. Where films have only
  // come at the end, all stays but the last sheet.
  function fresh() {
    const before = shown, n = before.length;
    shown = state.order;
    const more = n > 0 && shown.length > n && before.every((film, at) => film === shown[at]);
    for (const [number, sheet] of sheets) {
      if (more && number < Math.floor(n / sheetFilms)) continue;
      drop(sheet);
      sheets.delete(number);
    }
    layout();
    if (!more) container.scrollTop = 0;
  }

  function drop(sheet) {
    sheet.stop?.abort();
    sheet.bitmap?.close();
  }

  // release puts a tile out of sight, to be used again: it stays in the page, as
  // moving is cheaper than coming and going.
  function release(tile) {
    tile.style.transform = 'translate(-9999px, 0)';
    tile.removeAttribute('id');
    spare.push(tile);
  }

  function draw() {
    waiting = false;
    const row = side + gap;
    const first = Math.max(0, Math.floor(container.scrollTop / row) - 1) * across;
    const last = Math.min(state.order.length, (Math.ceil((container.scrollTop + container.clientHeight) / row) + 1) * across);
    for (const [at, tile] of tiles) {
      if (at < first || at >= last) { release(tile); tiles.delete(at); }
    }
    for (let at = first; at < last; at++) {
      if (!tiles.has(at)) tiles.set(at, place(spare.pop() ?? make(), at));
    }
    const [number] = arrived; // one sheet a frame, as each is 64 pictures to draw
    if (number !== undefined) {
      arrived.delete(number);
      for (const tile of tiles.values()) {
        if (Math.floor(tile.at / sheetFilms) === number) { paint(tile); dress(tile); }
      }
      if (arrived.size) later();
    }
    if (last > first) ask(Math.floor(first / sheetFilms), Math.floor((last - 1) / sheetFilms));
  }

  function make() {
    const tile = document.createElement('div');
    tile.className = 'tile';
    tile.setAttribute('role', 'option');
    tile.canvas = document.createElement('canvas');
    tile.canvas.width = tile.canvas.height = thumb;
    tile.mark = document.createElement('span');
    tile.score = document.createElement('i');
    tile.note = document.createElement('small');
    tile.append(tile.canvas, tile.note, tile.mark, tile.score);
    tile.context = tile.canvas.getContext('2d', { alpha: false });
    field.append(tile);
    return tile;
  }

  function place(tile, at) {
    tile.film = state.order[at];
    tile.at = at;
    tile.id = `film${at}`;
    tile.dataset.film = tile.film;
    tile.setAttribute('aria-posinset', at + 1);
    tile.setAttribute('aria-setsize', state.order.length);
    if (tile.side !== side) { tile.side = side; tile.style.width = tile.style.height = `${side}px`; }
    tile.style.transform = `translate(${gap + (at % across) * (side + gap)}px, ${gap + Math.floor(at / across) * (side + gap)}px)`;
    paint(tile);
    dress(tile);
    return tile;
  }

  // paint draws a tile's picture, if it is there.
  function paint(tile) {
    const number = Math.floor(tile.at / sheetFilms), k = tile.at % sheetFilms;
    const sheet = sheets.get(number);
    const { context } = tile;
    tile.classList.toggle('blank', !sheet?.bitmap);
    if (!sheet?.bitmap) {
      tile.note.textContent = '';
      return;
    }
    context.drawImage(sheet.bitmap, (k % sheetColumns) * thumb, Math.floor(k / sheetColumns) * thumb, thumb, thumb, 0, 0, thumb, thumb);
    const film = state.films.get(tile.film);
    tile.note.textContent = sheet.shown[k] === '1' ? (film?.state === 2 ? film.problem : '') : (film?.problem || 'cannot be read');
  }

  const words = ['', 'absent', 'present', 'unsure'], signs = ['', '−', '+', '?'];

  // dress shows what is known of a tile's film.
  function dress(tile) {
    const value = state.values[tile.film] ?? 0, score = state.scores[tile.film] ?? -1;
    tile.mark.className = words[value];
    tile.mark.textContent = signs[value];
    tile.score.style.width = score < 0 ? '0' : `${Math.round(100 * score)}%`;
    tile.classList.toggle('cursor', tile.film === state.cursor);
    const selected = state.selection.has(tile.film);
    tile.classList.toggle('selected', selected);
    tile.setAttribute('aria-selected', selected);
    if (tile.film === state.cursor) container.setAttribute('aria-activedescendant', tile.id);
    const said = [state.name(tile.film)];
    if (value) said.push(`${state.finding} ${words[value]}`);
    if (score >= 0) said.push(`score ${score.toFixed(2)}`);
    if (tile.note.textContent) said.push(tile.note.textContent);
    const title = said.join(', ');
    if (tile.title !== title) { tile.title = title; tile.setAttribute('aria-label', title); }
  }

  const dressAll = () => { for (const tile of tiles.values()) dress(tile); };

  // ask asks for the sheets of the screen, and for no other.
  function ask(first, last) {
    for (const [number, sheet] of sheets) {
      if (sheet.stop && (number < first - 1 || number > last + 1)) { sheet.stop.abort(); sheets.delete(number); }
    }
    let busy = [...sheets.values()].filter((s) => s.stop).length;
    for (let number = first; number <= last; number++) {
      const sheet = sheets.get(number);
      if (sheet) { sheets.delete(number); sheets.set(number, sheet); continue; }
      if (busy >= atOnce) continue;
      busy++;
      load(number);
    }
    for (const [number, sheet] of sheets) {
      if (sheets.size <= kept) break;
      if (number < first || number > last) { drop(sheet); sheets.delete(number); }
    }
  }

  async function load(number) {
    const sheet = { stop: new AbortController() };
    sheets.set(number, sheet);
    const films = [...state.order.subarray(number * sheetFilms, (number + 1) * sheetFilms)];
    try {
      const [{ blob, headers }] = await Promise.all([api.blob('sheet', { films: films.join(',') }, sheet.stop.signal), state.know(films)]);
      sheet.bitmap = await createImageBitmap(blob);
      sheet.shown = headers.get('Workbench-Shown');
      sheet.stop = null;
    } catch {
      if (sheets.get(number) === sheet) { sheets.delete(number); setTimeout(later, 1000); } // it is asked for again
      return;
    }
    if (sheets.get(number) !== sheet) { sheet.bitmap.close(); return; }
    arrived.add(number);
    later();
  }

  function later() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(draw);
  }

  // follow keeps the cursor in sight.
  function follow() {
    const at = state.order.indexOf(state.cursor);
    if (at < 0) return;
    const top = Math.floor(at / across) * (side + gap), bottom = top + side + 2 * gap;
    if (top < container.scrollTop) container.scrollTop = top;
    else if (bottom > container.scrollTop + container.clientHeight) container.scrollTop = bottom - container.clientHeight;
  }

  container.addEventListener('scroll', later, { passive: true });
  container.addEventListener('click', (e) => {
    const tile = e.target.closest('.tile');
    if (!tile) return;
    const selection = new Set(state.selection);
    if (e.shiftKey && anchor >= 0) {
      for (let k = Math.min(anchor, tile.at); k <= Math.max(anchor, tile.at); k++) selection.add(state.order[k]);
      state.set({ selection });
    } else if (e.ctrlKey || e.metaKey) {
      if (!selection.delete(tile.film)) selection.add(tile.film);
      state.set({ selection });
    } else if (selection.size) {
      state.set({ selection: new Set() });
    }
    anchor = tile.at;
    state.set({ cursor: tile.film });
  });
  container.addEventListener('dblclick', (e) => {
    const tile = e.target.closest('.tile');
    if (tile) state.set({ cursor: tile.film, viewing: true });
  });
  state.on('order', fresh);
  state.on('values scores selection', dressAll);
  state.on('cursor', () => { follow(); draw(); dressAll(); });
  state.on('side', () => { wanted = state.side; localStorage.setItem('side', wanted); layout(); follow(); });
  state.side = wanted;
  new ResizeObserver(layout).observe(container);
}
