"""Writes what ONNX's own schemas say of the operators in docs/OPERATORS.md, for a test of the table. Needs onnx of PyPI.

    python schemas.py ../../../docs/OPERATORS.md > schemas.json"""
import json, sys

from onnx import defs, helper

ops = {line.split('|')[1].strip() for line in open(sys.argv[1]) if line.startswith('| ')} - {'operator'}
out = {}
for s in sorted(defs.get_all_schemas_with_history(), key=lambda s: s.since_version):
    if s.domain or s.name not in ops:
        continue
    mark = lambda p: {'Optional': '?', 'Variadic': '*'}.get(str(p.option).split('.')[-1], '')
    constraints = {c.type_param_str: c.allowed_type_strs for c in s.type_constraints}
    names = lambda p: [t[7:-1] for t in constraints.get(p.type_str, [p.type_str])]
    value = lambda a: (lambda v: v.decode() if isinstance(v, bytes) else v)(helper.get_attribute_value(a.default_value))
    out.setdefault(s.name, []).append({
        'Since': s.since_version, 'Inputs': [mark(p) for p in s.inputs], 'Outputs': [mark(p) for p in s.outputs],
        'Attributes': {k: value(a) for k, a in s.attributes.items() if a.default_value.name},
        'Kinds': {k: int(a.type.value if hasattr(a.type, 'value') else a.type) for k, a in s.attributes.items()},
        'Types': [names(p) for p in s.inputs],
    })
print('{\n' + ',\n'.join(f'"{k}": {json.dumps(v, separators=(",", ":"))}' for k, v in sorted(out.items())) + '\n}')
