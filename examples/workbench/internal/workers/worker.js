// A worker that runs the workbench's program: named "board" it answers requests of
// the page, named "encoder" it embeds films for the board. Go's functions are answer,
// cancel and embed; what it calls are ready, fail, answered, embedded, embedThere,
// encoder, readKept and keep.
importScripts('wasm_exec.js');

let port; // to the other worker
const waiting = new Map(); // of films that are there
let last = 0;

let encoderReady, encoderFailed;
self.encoder = new Promise((resolve, reject) => { encoderReady = resolve; encoderFailed = reject; });
self.encoder.catch(() => {}); // told where it is awaited

self.ready = (space) => {
  if (self.name === 'encoder') port.postMessage({ space });
  postMessage({ ready: true });
};
self.fail = (error) => {
  if (self.name === 'encoder') port.postMessage({ failed: error });
  postMessage({ failed: error });
};
self.answered = (id, status, headers, body) => postMessage({ id, status, headers, body }, [body.buffer]);
self.embedded = (id, values, error) => port.postMessage({ id, values, error });
self.embedThere = (film) => new Promise((resolve, reject) => {
  waiting.set(++last, { resolve, reject });
  port.postMessage({ id: last, film }, [film.pixels.buffer]);
});

function heard({ data }) { // from the other worker
  if (data.film) return self.embed(data.id, data.film);
  if (data.space) return encoderReady(data.space);
  if (data.failed) return encoderFailed(data.failed);
  const { resolve, reject } = waiting.get(data.id);
  waiting.delete(data.id);
  if (data.error) reject(data.error); else resolve(data.values);
}

// What is kept, in IndexedDB: files by name.
const kept = () => new Promise((resolve, reject) => {
  const open = indexedDB.open('cxrkit-workbench', 1);
  open.onupgradeneeded = () => open.result.createObjectStore('files');
  open.onsuccess = () => resolve(open.result);
  open.onerror = () => reject(open.error);
});

self.readKept = async () => {
  const db = await kept();
  return new Promise((resolve, reject) => {
    const files = [];
    const all = db.transaction('files').objectStore('files').openCursor();
    all.onsuccess = () => {
      const at = all.result;
      if (!at) { db.close(); return resolve(files); }
      files.push({ name: at.key, data: at.value });
      at.continue();
    };
    all.onerror = () => { db.close(); reject(all.error); };
  });
};

self.keep = async (name, data) => {
  const db = await kept();
  return new Promise((resolve, reject) => {
    const t = db.transaction('files', 'readwrite', { durability: 'strict' });
    t.objectStore('files').put(data, name);
    t.oncomplete = () => { db.close(); resolve(); };
    t.onabort = t.onerror = () => { db.close(); reject(t.error?.name === 'QuotaExceededError' ? 'the browser has no more room for this page' : t.error); };
  });
};

onmessage = async ({ data }) => {
  if (data.program) {
    port = data.port;
    port.onmessage = heard;
    const go = new Go();
    try {
      go.run(await WebAssembly.instantiate(data.program, go.importObject));
    } catch (error) {
      self.fail(String(error));
    }
  } else if (data.cancel) {
    self.cancel(data.cancel);
  } else {
    self.answer(data.id, data);
  }
};
