// Reads a shard with polars: npm install -E nodejs-polars@0.25.2
const pl = require("nodejs-polars");
const t = pl.readIPC(require("fs").readFileSync(process.argv[2]));
const list = t.select(pl.col("id"), pl.col("model").cast(pl.Utf8), pl.col("recipe").cast(pl.Utf8), pl.col("embedding").cast(pl.List(pl.Float32)));
const [id, model, recipe, embedding] = list.row(8);
console.log(t.height, id, model, recipe, JSON.stringify(embedding));
