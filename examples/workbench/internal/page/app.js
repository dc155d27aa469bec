// The page: what is shown, what is selected, and which key does what.
import { api } from './api.js';
import * as grid from './grid.js';
import * as viewer from './viewer.js';
import * as map from './map.js';

// State is what modules share. They change it by set and hear of it by on:
//
//   total      number of films
//   order      Int32Array: the films in the order shown
//   cursor     the film that keys act on, or -1
//   selection  Set of films
//   finding    the finding that is being labeled, or ''
//   findings   all of them
class State extends EventTarget {
  total = 0;
  order = new Int32Array(0);
  cursor = -1;
  selection = new Set();
  finding = '';
  findings = [];

  set(changes) {
    Object.assign(this, changes);
    for (const name of Object.keys(changes)) this.dispatchEvent(new CustomEvent(name));
  }

  on(names, listener) {
    for (const name of names.split(' ')) this.addEventListener(name, listener);
  }
}

const state = new State();

async function start() {
  const { total } = await api.get('films', { count: 0 });
  map.open(document.getElementById('map'), api, state);
  window.workbench = state;
  viewer.open(document.getElementById('viewer'), api, state);
  document.getElementById('grid').addEventListener('dblclick', (e) => state.set({ cursor: +e.target.dataset.film, viewing: true }));
  grid.open(document.getElementById('grid'), api, state);
  state.set({ total, order: Int32Array.from({ length: total }, (_, i) => i) });
}

start();
