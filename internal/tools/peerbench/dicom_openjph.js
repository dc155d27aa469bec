// Encodes raw 16-bit words by OpenJPH's WebAssembly, or decodes a codestream so
// many times and prints the digest of the samples and the seconds that took, after
// as many that make its compiler warm.
const [modules, what, ...args] = process.argv.slice(1);
const fs = require('fs');
require(modules + '/@cornerstonejs/codec-openjph')().then((openjph) => {
  if (what === 'encode') {
    const [raw, width, height, bits, step, out] = args;
    const e = new openjph.HTJ2KEncoder();
    e.getDecodedBuffer({ width: +width, height: +height, bitsPerSample: +bits, componentCount: 1, isSigned: false, isUsingColorTransform: false })
      .set(fs.readFileSync(raw));
    e.setQuality(step == 0, +step);
    e.encode();
    fs.writeFileSync(out, Buffer.from(e.getEncodedBuffer()));
    return;
  }
  const [file, times, clock, exact] = args;
  const src = fs.readFileSync(file), d = new openjph.HTJ2KDecoder();
  const decode = () => {
    d.getEncodedBuffer(src.length).set(src);
    d.decode();
  };
  for (let i = 0; i < times; i++) decode();
  const cpu = process.cpuUsage(), start = process.hrtime.bigint();
  for (let i = 0; i < times; i++) decode();
  const u = process.cpuUsage(cpu), elapsed = Number(process.hrtime.bigint() - start) / 1e9;
  const digest = require('crypto').createHash('sha256').update(Buffer.from(d.getDecodedBuffer())).digest('hex');
  console.log(exact === 'yes' ? digest : '-', clock === 'cpu' ? (u.user + u.system) / 1e6 : elapsed);
});
