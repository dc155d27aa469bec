"""Makes the high-throughput codestreams of this folder and vectors.json. They are
encoded by OpenJPH (npm i @cornerstonejs/codec-openjph; NODE_PATH is its node_modules
folder) and decoded by OpenJPEG (pip install pylibjpeg-openjpeg) and by OpenJPH (pip
install imagecodecs): lossless streams must give back their picture, lossy ones alike
within 2. sha256 is of OpenJPEG's samples, 16-bit little endian. The pictures are
computed here. Run in this folder: python3 make.py

OpenJPH writes cleanup passes alone. The streams refined* are put together here: the
cleanup pass of a code-block of OpenJPH's, one bit-plane higher, and random bytes for
the significance propagation and magnitude refinement passes, which may be any bytes."""
import base64, hashlib, json, struct, subprocess
import imagecodecs, numpy as np, openjpeg

rs = np.random.RandomState(1)
yy, xx = np.mgrid[0:44, 0:57]
wave = np.sin(xx / 5.) + np.cos(yy / 7.)
g8 = (wave * 50 + 120 + rs.randint(0, 6, wave.shape)).astype(np.uint8)
g12 = (wave * 800 + 2000 + rs.randint(0, 40, wave.shape)).astype(np.uint16)
g16 = rs.randint(0, 65536, wave.shape).astype(np.uint16)
s16 = (wave * 8000 + rs.randint(0, 400, wave.shape)).astype(np.int16)
sparse = np.where(rs.randint(0, 60, wave.shape) == 0, 4000, 7).astype(np.uint16)
rgb = np.stack([g8, 255 - g8, np.roll(g8, 5, 1)], -1)
pictures = {
    'g8': (g8, 8, {}), 'g12': (g12, 12, {}), 'g16': (g16, 16, {}), 's16': (s16, 16, {}), 'sparse': (sparse, 12, {}), 'rgb': (rgb, 8, {'color': True}),
    'apart': (rgb, 8, {'color': False}), 'lossy': (g12, 12, {'step': 0.002}), 'lossy16': (g16, 16, {'step': 0.0001}), 'lossyrgb': (rgb, 8, {'color': True, 'step': 0.01}),
    'coarse': (g12, 12, {'step': 0.05}), 'nolevels': (g12, 12, {'levels': 0}), 'one': (g12, 12, {'levels': 1}),
    'wide': (g12, 12, {'block': [256, 4], 'levels': 1}), 'tall': (g12, 12, {'block': [4, 256], 'levels': 1}), 'small': (g12, 12, {'block': [4, 4]}),
    **{'order%d' % o: (rgb, 8, {'order': o, 'levels': 3, 'color': True, 'precincts': [16, 32, 32]}) for o in range(5)},
    'tiles': (g12, 12, {'tile': [25, 20], 'levels': 2}), 'tlm': (g12, 12, {'tlm': True, 'order': 2}),
    'pixel': (g12[:1, :1], 12, {}), 'line': (g12[:1], 12, {}), 'column': (g12[:, :1].copy(), 12, {}), 'odd': (g12[:7, :5].copy(), 12, {'levels': 0}),
    'plain': (np.full((20, 20), 9, np.uint8), 8, {}),
}


def samples(b):
    return openjpeg.decode(b, 0)


def refined(b, passes, seed, causal=False):
    """One code-block of 57 x 44 samples in a 64 x 64 one, without wavelet."""
    body, end = b.index(b'\xff\x93') + 2, len(b) - 2 if b.endswith(b'\xff\xd9') else len(b)
    head = ''.join('{:08b}'.format(v) for v in b[body:body + 16])
    at = 2  # packet is there, block is included
    missing = head.index('1', at) - at
    at += missing + 1
    assert head[at] == '0'
    at += 1
    lblock = head.index('0', at) - at + 3
    at += lblock - 3 + 1
    length = int(head[at:at + lblock], 2)
    at += lblock
    size = (at + 7) // 8
    assert b'\xff' not in b[body:body + size]
    cleanup = b[body + size:body + size + length]
    assert len(cleanup) == length and body + size + length == end
    rest = np.random.RandomState(seed).randint(0, 256, 700).astype(np.uint8).tobytes()
    bits = '11' + '0' * (missing - 1) + '1' + {2: '10', 3: '1100'}[passes]
    bits += '1' * 10 + '0' + '{:013b}'.format(length) + ('{:013b}' if passes == 2 else '{:014b}').format(len(rest))
    out, current, n = b'', 0, 8  # a byte 0xFF has seven bits behind it
    for bit in bits:
        n -= 1
        current |= int(bit) << n
        if n == 0:
            out, n, current = out + bytes([current]), 7 if current == 255 else 8, 0
    if n < 8:
        out += bytes([current])
    assert out[-1] != 255
    main = bytearray(b[:body])
    sot = main.index(b'\xff\x90')
    packet = out + cleanup + rest
    main[sot + 6:sot + 10] = struct.pack('>I', body - sot + len(packet))
    for marker in (b'\xff\x55',):  # TLM would tell another length
        assert marker not in main[:sot]
    if causal:
        cod = main.index(b'\xff\x52')
        main[cod + 12] |= 8
    return bytes(main) + packet + b'\xff\xd9'


jobs = [{'name': n, 'width': a.shape[1], 'height': a.shape[0], 'components': 1 if a.ndim == 2 else 3, 'bits': bits, 'signed': a.dtype.kind == 'i',
         'data': base64.b64encode(a.tobytes()).decode(), 'options': o} for n, (a, bits, o) in pictures.items()]
small = (wave * 200 + 2048 + rs.randint(0, 9, wave.shape)).astype(np.uint16)  # with a bit-plane to spare
jobs.append(dict(jobs[1], name='whole', data=base64.b64encode(small.tobytes()).decode(), options={'levels': 0, 'block': [64, 64]}))
made = json.loads(subprocess.run(['node', 'encode.js'], input=json.dumps(jobs).encode(), stdout=subprocess.PIPE, check=True).stdout)
made = {n: base64.b64decode(b) for n, b in made.items()}
whole = made.pop('whole')
vectors = {}
for name, b in made.items():
    a, bits, o = pictures[name]
    got = samples(b)
    lossless = 'step' not in o
    if lossless:
        assert name == 'apart' or (got.reshape(a.shape) == a).all(), name  # its encoder reads components apart as planes
    other = imagecodecs.htj2k_decode(b)
    if other.shape != got.shape:
        other = np.moveaxis(other.reshape(3, *got.shape[:2]), 0, -1)
    off = np.abs(got.astype(int).reshape(-1) - other.astype(int).reshape(-1)).max()
    assert off <= (0 if lossless else 2), (name, off)
    vectors[name] = (b, got, bits, a.dtype.kind == 'i', lossless)
for k, (passes, causal) in enumerate([(2, False), (3, False), (3, True)]):
    b = refined(whole, passes, k, causal)
    got = samples(b)
    if not causal:
        assert (got.reshape(-1) == imagecodecs.htj2k_decode(b).reshape(-1)).all()
    vectors['refined%d' % passes + ('causal' if causal else '')] = (b, got, 12, False, False)
out = {}
for name, (b, a, bits, signed, lossless) in vectors.items():
    open(name + '.j2c', 'wb').write(b)
    out[name] = {'width': a.shape[1], 'height': a.shape[0], 'components': 1 if a.ndim == 2 else a.shape[2], 'precision': bits, 'signed': signed,
                 'lossless': lossless, 'sha256': hashlib.sha256(a.astype('<i2' if signed else '<u2').tobytes()).hexdigest()}
json.dump(out, open('vectors.json', 'w'), indent=1)
