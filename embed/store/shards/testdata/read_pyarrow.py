# Reads a shard with pyarrow: pip install pyarrow
import json
import sys

import pyarrow

t = pyarrow.ipc.open_file(pyarrow.memory_map(sys.argv[1])).read_all()
row = {name: t[name][8].as_py() for name in t.column_names}
print(t.num_rows, row["id"], row["model"], row["recipe"], json.dumps([int(v) for v in row["embedding"]], separators=(",", ":")))
