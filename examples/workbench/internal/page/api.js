// The only file that asks the workbench. All addresses are below the page's own, so
// that its token goes with them, and a page without a server can answer them itself.

import { request } from './transport.js';

export { forget } from './transport.js';

export class Refused extends Error {
  constructor(status, body) {
    super(body.error || `the workbench answered ${status}`);
    this.status = status;
    this.body = body;
  }
}

// ask is an answer, or throws Refused; what throws another error had none.
async function ask(path, options) {
  const answer = await request(path, options);
  if (answer.ok) return answer;
  const text = await answer.text();
  let body = { error: text.trim() };
  try { body = JSON.parse(text); } catch { /* as it is */ }
  throw new Refused(answer.status, body);
}

export const api = {
  query(path, parameters = {}) {
    const query = new URLSearchParams(Object.entries(parameters).filter(([, v]) => v !== undefined && v !== '')).toString();
    return 'api/' + path + (query ? '?' + query : '');
  },
  // get is the JSON of an answer, bytes and blob the same unread, with its headers.
  async get(path, parameters, signal) { return (await ask(api.query(path, parameters), { signal })).json(); },
  async bytes(path, parameters, signal) { return (await ask(api.query(path, parameters), { signal })).arrayBuffer(); },
  async blob(path, parameters, signal) {
    const answer = await ask(api.query(path, parameters), { signal });
    return { blob: await answer.blob(), headers: answer.headers };
  },
  async post(path, body, parameters) {
    return (await ask(api.query(path, parameters), { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })).json();
  },
  async send(path, blob) { return (await ask(api.query(path), { method: 'POST', body: blob })).json(); },
};
