// The grid: as many tiles as fit on the screen, which move with the scrolling, and
// pictures that come by the sheet.

const gap = 4, sheetFilms = 64, sheetColumns = 8, keep = 40;

export function open(container, api, state) {
  const field = document.createElement('div');
  field.className = 'field';
  container.append(field);
  const tiles = new Map(); // place in order -> tile
  const sheets = new Map(); // number of sheet -> {url, shown}, the last used last
  let side = 128, columns = 1;

  function layout() {
    columns = Math.max(1, Math.floor((container.clientWidth - gap) / (side + gap)));
    field.style.height = Math.ceil(state.order.length / columns) * (side + gap) + gap + 'px';
    for (const tile of tiles.values()) tile.remove();
    tiles.clear();
    draw();
  }

  function draw() {
    const row = side + gap;
    const first = Math.max(0, Math.floor(container.scrollTop / row) - 2) * columns;
    const last = Math.min(state.order.length, (Math.ceil((container.scrollTop + container.clientHeight) / row) + 2) * columns);
    for (const [at, tile] of tiles) {
      if (at < first || at >= last) { tile.remove(); tiles.delete(at); }
    }
    for (let at = first; at < last; at++) {
      if (!tiles.has(at)) tiles.set(at, make(at));
    }
  }

  function make(at) {
    const tile = document.createElement('div');
    tile.className = 'tile';
    tile.dataset.film = state.order[at];
    tile.style.cssText = `left:${gap + (at % columns) * (side + gap)}px;top:${gap + Math.floor(at / columns) * (side + gap)}px;width:${side}px;height:${side}px`;
    field.append(tile);
    paint(at, tile);
    return tile;
  }

  async function paint(at, tile) {
    const number = Math.floor(at / sheetFilms);
    const sheet = await load(number);
    if (!sheet || tiles.get(at) !== tile) return;
    const k = at - number * sheetFilms;
    tile.style.backgroundImage = `url(${sheet.url})`;
    tile.style.backgroundSize = `${sheetColumns * side}px auto`;
    tile.style.backgroundPosition = `${-(k % sheetColumns) * side}px ${-Math.floor(k / sheetColumns) * side}px`;
  }

  function load(number) {
    let sheet = sheets.get(number);
    if (!sheet) {
      const films = state.order.subarray(number * sheetFilms, (number + 1) * sheetFilms);
      sheet = api.blob('sheet', { films: films.join(',') }).then(({ blob, headers }) =>
        ({ url: URL.createObjectURL(blob), shown: headers.get('Workbench-Shown') }), () => null);
      sheets.set(number, sheet);
    }
    return sheet;
  }

  state.on('order', () => { sheets.clear(); layout(); });
  container.addEventListener('scroll', draw, { passive: true });
  new ResizeObserver(layout).observe(container);
}
