// Reads a shard with Apache's own library for JavaScript: npm install apache-arrow
const { tableFromIPC } = require("apache-arrow");
const t = tableFromIPC(require("fs").readFileSync(process.argv[2]));
const row = t.get(8);
console.log(t.numRows, row.id, row.model, row.recipe, JSON.stringify(Array.from(row.embedding)));
