// Encodes pictures by OpenJPH's WebAssembly: see make.py. Standard input is a list
// of {name, width, height, components, bits, signed, data (base64), options}.
const factory = require('@cornerstonejs/codec-openjph');
factory().then((openjph) => {
  try {
  const out = {};
  for (const p of JSON.parse(require('fs').readFileSync(0, 'utf8'))) {
    const e = new openjph.HTJ2KEncoder();
    const data = Buffer.from(p.data, 'base64');
    e.getDecodedBuffer({ width: p.width, height: p.height, bitsPerSample: p.bits, componentCount: p.components, isSigned: p.signed,
      isUsingColorTransform: p.options.color || false }).set(data);
    const o = p.options;
    e.setQuality(!o.step, o.step || 0);
    if (o.levels !== undefined) e.setDecompositions(o.levels);
    if (o.block) e.setBlockDimensions({ width: o.block[0], height: o.block[1] });
    if (o.order !== undefined) e.setProgressionOrder(o.order);
    if (o.tile) e.setTileSize({ width: o.tile[0], height: o.tile[1] });
    if (o.offset) { e.setImageOffset({ x: o.offset[0], y: o.offset[1] }); }
    if (o.precincts) { e.setNumPrecincts(o.precincts.length); o.precincts.forEach((s, i) => e.setPrecinct(i, { width: s, height: s })); }
    if (o.tlm) e.setTLMMarker(true);
    e.encode();
    out[p.name] = Buffer.from(e.getEncodedBuffer()).toString('base64');
    e.delete();
  }
  process.stdout.write(JSON.stringify(out));
  } catch (e) { console.error(e, typeof e === 'number' ? openjph.getExceptionMessage && openjph.getExceptionMessage(e) : ''); process.exit(1); }
});
