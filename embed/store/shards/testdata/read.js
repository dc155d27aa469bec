// Reads a shard with Apache's own library for JavaScript:
//
//	npm install apache-arrow
//	node read.js 000000-....arrow
const { tableFromIPC } = require("apache-arrow");
const t = tableFromIPC(require("fs").readFileSync(process.argv[2]));
const row = t.get(t.numRows - 1);
console.log(t.numRows, row.id, row.model, row.recipe, Array.from(row.embedding));
