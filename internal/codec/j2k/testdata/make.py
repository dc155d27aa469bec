"""Makes the codestreams of this folder and vectors.json with opj_compress and
opj_decompress of OpenJPEG 2.5 (Debian: libopenjp2-tools). The pictures are
computed here. Run in this folder: python3 make.py"""
import hashlib, json, os, re, subprocess, tempfile
import numpy as np

rs = np.random.RandomState(1)
yy, xx = np.mgrid[0:44, 0:56]
wave = np.sin(xx / 5.) + np.cos(yy / 7.)
g8 = (wave * 50 + 120 + rs.randint(0, 6, wave.shape)).astype(int)
g12 = (wave * 800 + 2000 + rs.randint(0, 40, wave.shape)).astype(int)
pictures = {'g8.pgm': (g8, 255), 'g12.pgm': (g12, 4095), 'g16.pgm': (g12 * 16, 65535),
            'rgb.ppm': (np.stack([g8, 255 - g8, (g8 * 3) % 256], -1), 255)}
small = '-n 3 -c [32,32],[16,16],[16,16] -b 16,16'
variants = {
    'g8': 'g8.pgm', 'g16': 'g16.pgm', 'rct': 'rgb.ppm', 'ict': 'rgb.ppm -I -r 6', 'apart': 'rgb.ppm -mct 0 -n 3',
    'subsampled': 'rgb.ppm -mct 0 -s 1,1 -n 3', 'lossy': 'g12.pgm -I -r 8', 'layers': 'g12.pgm -I -r 30,15,6',
    **{'order' + p: f'rgb.ppm -p {p} -r 12,4,1 {small}' for p in ('LRCP', 'RLCP', 'RPCL', 'PCRL', 'CPRL')},
    'orders': 'g12.pgm -n 4 -r 30,10,1 -POC T1=0,0,3,2,1,RLCP/T1=2,0,3,4,1,LRCP',
    'tiles': 'g12.pgm -t 25,20 -n 3', 'offset': 'g12.pgm -d 7,13 -t 30,30 -T 3,5 -n 3', 'tileparts': 'g12.pgm -t 30,44 -TP R -n 3',
    'sopeph': 'g12.pgm -SOP -EPH -r 9,1 -n 3', 'roi': 'g12.pgm -ROI c=0,U=7', 'roilossy': 'g12.pgm -I -r 8 -ROI c=0,U=5',
    **{f'style{m}': f'g12.pgm -M {m} -n 3' for m in (1, 2, 4, 8, 16, 32, 5, 63)},
    'wide': 'g12.pgm -b 64,4 -n 2', 'tall': 'g12.pgm -b 4,64 -n 2', 'nolevels': 'g8.pgm -n 1', 'fivelevels': 'g8.pgm -n 5',
    'lengths': 'g12.pgm -PLT -TLM -n 3',
}


def write(name, a, white):
    h, w = a.shape[:2]
    with open(name, 'wb') as f:
        f.write(f"{'P5' if a.ndim == 2 else 'P6'}\n{w} {h}\n{white}\n".encode())
        f.write(a.astype('>u2' if white > 255 else 'u1').tobytes())


def read(name):
    b = open(name, 'rb').read()
    m = re.match(rb'(P[56])\s+(?:#[^\n]*\n)?\s*(\d+)\s+(\d+)\s+(\d+)\s', b)
    n = 3 if m[1] == b'P6' else 1
    return np.frombuffer(b[m.end():], '>u2' if int(m[4]) > 255 else 'u1').reshape(int(m[3]), int(m[2]), n).astype('<u2')


here, vectors = os.getcwd(), {}
with tempfile.TemporaryDirectory() as tmp:
    for name, (a, white) in pictures.items():
        write(os.path.join(tmp, name), a, white)
    for name, args in variants.items():
        picture, *options = args.split()
        out, back = os.path.join(here, name + '.j2k'), os.path.join(tmp, 'out' + picture[-4:])
        subprocess.run(['opj_compress', '-i', os.path.join(tmp, picture), '-o', out] + options, check=True, stdout=subprocess.DEVNULL)
        entry = {}
        for levels in (0, 1):
            if levels and name in ('nolevels', 'subsampled'):
                continue
            subprocess.run(['opj_decompress', '-i', out, '-o', back, '-r', str(levels)], check=True, stdout=subprocess.DEVNULL)
            a = read(back)
            if not levels:
                entry = {'width': a.shape[1], 'height': a.shape[0], 'components': a.shape[2], 'precision': int(pictures[picture][1]).bit_length()}
            entry['sha256' if not levels else 'half'] = hashlib.sha256(a.tobytes()).hexdigest()
        entry['lossless'] = hashlib.sha256(pictures[picture][0].astype('<u2').tobytes()).hexdigest() == entry['sha256']
        vectors[name] = entry
json.dump(vectors, open('vectors.json', 'w'), indent=1)
