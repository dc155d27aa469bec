// Runs an ONNX model with ONNX Runtime for Node on the films that "infer" of
// this program makes, and writes the first film's output. Prints a dash and the
// seconds a run of the batch took in all: CPU time on one thread, else elapsed.
const [modules, model, side, batch, threads, times, out] = process.argv.slice(1);
const ort = require(modules + '/onnxruntime-node');
(async () => {
  const area = side * side, x = new Float32Array(3 * area * batch);
  for (let i = 0; i < batch; i++) for (let k = 0; k < area; k++) {
    const v = Math.fround((Math.imul(k + i, 2654435761) >>> 16) * (2 / 65535) - 1);
    for (let ch = 0; ch < 3; ch++) x[(3 * i + ch) * area + k] = v;
  }
  const s = await ort.InferenceSession.create(model, {
    intraOpNumThreads: +threads, interOpNumThreads: 1, graphOptimizationLevel: 'all',
  });
  const film = {film: new ort.Tensor('float32', x, [+batch, 3, +side, +side])};
  const first = await s.run(film);
  const cpu = process.cpuUsage(), start = process.hrtime.bigint();
  for (let t = 0; t < times; t++) await s.run(film);
  const u = process.cpuUsage(cpu), elapsed = Number(process.hrtime.bigint() - start) / 1e9;
  console.log('-', threads == 1 ? (u.user + u.system) / 1e6 : elapsed);
  const y = first.output.data;
  require('fs').writeFileSync(out, Buffer.from(new Float32Array(y.subarray(0, y.length / batch)).buffer));
})();
