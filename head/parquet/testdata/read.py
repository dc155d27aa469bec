# What pandas, pyarrow and DuckDB read in films.parquet, as read.json:
#   python3 read.py >read.json
# pandas 3, pyarrow 24 and DuckDB 1.5 or later.
import json, os

import duckdb
import pandas
import pyarrow.parquet

name = os.path.join(os.path.dirname(os.path.abspath(__file__)), "films.parquet")
frame = pandas.read_parquet(name)
schema = pyarrow.parquet.read_schema(name)
rows = []
for _, row in frame.iterrows():
    rows.append({c: None if c != "embedding" and pandas.isna(row[c]) else row[c].tolist() if c == "embedding" else row[c] for c in frame.columns})
print(json.dumps({
    "rows": rows,
    "embedding": str(schema.field("embedding").type),
    "metadata": {k.decode(): v.decode() for k, v in schema.metadata.items()},
    "duckdb": duckdb.sql(f"select id, list_cosine_similarity(embedding, [3, 4]), x, x_score from '{name}' where x order by id").fetchall(),
}, indent=1, default=lambda v: v.item()))
