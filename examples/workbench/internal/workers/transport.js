// How the page's requests are answered where there is no server: by two workers of
// this tab (worker.js). Nothing is sent anywhere; the page's own policy forbids it.
import { notice } from './notice.js';

const loading = (text) => notice(text, { id: 'loading' });

// load compiles the program once, for both workers.
async function load() {
  const file = await fetch('workbench.wasm.gz');
  if (!file.ok) throw new Error(`workbench.wasm.gz: status ${file.status}`);
  const total = +file.headers.get('Content-Length');
  let got = 0;
  const told = new TransformStream({
    transform(chunk, out) {
      got += chunk.length;
      loading(total ? `Loading the program: ${Math.floor(Math.min(1, got / total) * 100)} % of ${Math.ceil(total / 1e6)} MB.` : 'Loading the program.');
      out.enqueue(chunk);
    },
  });
  const program = file.body.pipeThrough(told).pipeThrough(new DecompressionStream('gzip'));
  return WebAssembly.compileStreaming(new Response(program, { headers: { 'Content-Type': 'application/wasm' } }));
}

const running = new Map(), workers = [];
let last = 0;

// alone waits until no other tab has the page open: each holds what is kept, and they
// would overwrite each other's labels. The lock ends with the tab.
function alone() {
  return new Promise((resolve) => {
    const told = setTimeout(() => loading('The workbench is open in another tab. It starts here when that one is closed.'), 1000);
    navigator.locks.request('cxrkit-workbench', () => {
      clearTimeout(told);
      resolve();
      return new Promise(() => {});
    });
  });
}

function worker(name, program, port) {
  const w = new Worker('worker.js', { name });
  workers.push(w);
  w.postMessage({ program, port }, [port]);
  return new Promise((resolve, reject) => {
    w.onerror = (e) => reject(new Error(e.message || `the worker ${name} cannot be started`));
    w.onmessage = ({ data }) => {
      if (data.ready) return resolve(w);
      if (data.failed) return reject(new Error(data.failed));
      const { resolve: done } = running.get(data.id);
      running.delete(data.id);
      done(new Response([204, 304].includes(data.status) ? null : data.body, { status: data.status, headers: data.headers }));
    };
  });
}

const board = (async () => {
  try {
    await alone();
    const program = await load();
    loading('Starting the program.');
    const { port1, port2 } = new MessageChannel();
    worker('encoder', program, port2).catch(() => {}); // the board tells why no film is embedded
    return await worker('board', program, port1);
  } catch (error) {
    notice(`The workbench cannot run in this browser: ${error.message}.`, { id: 'board' });
    throw error;
  } finally {
    loading('');
  }
})();

// request is like fetch.
export async function request(path, { method = 'GET', body, signal } = {}) {
  const w = await board;
  signal?.throwIfAborted();
  if (body instanceof Blob) body = new Uint8Array(await body.arrayBuffer());
  else if (typeof body === 'string') body = new TextEncoder().encode(body);
  else if (body instanceof ArrayBuffer) body = new Uint8Array(body);
  const id = ++last;
  return new Promise((resolve, reject) => {
    running.set(id, { resolve });
    signal?.addEventListener('abort', () => { w.postMessage({ cancel: id }); reject(signal.reason); });
    w.postMessage({ id, method, path: String(path), body });
  });
}

// forget deletes what the browser keeps for this page, and begins anew.
export async function forget() {
  await board;
  for (const w of workers) w.terminate();
  await new Promise((resolve, reject) => {
    const gone = indexedDB.deleteDatabase('cxrkit-workbench');
    gone.onsuccess = resolve;
    gone.onerror = () => reject(gone.error);
  });
  localStorage.clear();
  location.reload();
}
