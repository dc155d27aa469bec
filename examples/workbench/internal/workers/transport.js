// How the page's requests are answered where there is no server: by two workers of
// this tab (worker.js). Nothing is sent anywhere; the page's own policy forbids it.

// load compiles the program once, for both workers.
async function load() {
  const file = await fetch('workbench.wasm.gz');
  if (!file.ok) throw new Error(`workbench.wasm.gz: status ${file.status}`);
  const total = +file.headers.get('Content-Length');
  let got = 0;
  const told = new TransformStream({
    transform(chunk, out) {
      got += chunk.length;
      window.dispatchEvent(new CustomEvent('loading', { detail: total ? Math.min(1, got / total) : 0 }));
      out.enqueue(chunk);
    },
  });
  const program = file.body.pipeThrough(told).pipeThrough(new DecompressionStream('gzip'));
  return WebAssembly.compileStreaming(new Response(program, { headers: { 'Content-Type': 'application/wasm' } }));
}

const running = new Map();
let last = 0;

function worker(name, program, port) {
  const w = new Worker('worker.js', { name });
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
  const program = await load();
  const { port1, port2 } = new MessageChannel();
  worker('encoder', program, port2).catch(() => {}); // the board tells why no film is embedded
  const w = await worker('board', program, port1);
  window.dispatchEvent(new CustomEvent('loading', { detail: 1 }));
  return w;
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
