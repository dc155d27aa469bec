// Writes reference.json: what ONNX Runtime makes of ../mini.onnx and two films.
//
//   npm i onnxruntime-node@1.30.0 && node reference.js
//
// The films are formulas, so that the test draws them again.
const fs = require('fs')
const ort = require('onnxruntime-node')

const side = Number(process.argv[2] || 160)

const films = {
  rings: (x, y) => ((x * x + 3 * y * y) >> 5) & 255,
  steps: (x, y) => ((x >> 3) * 17 + (y >> 4) * 29) & 255,
}

// standardize shifts and scales the film to mean 0 and deviation 1, as embed/local does.
function standardize(pixels) {
  let sum = 0, squares = 0
  for (const v of pixels) sum += v
  const mean = sum / pixels.length
  for (const v of pixels) squares += (v - mean) * (v - mean)
  const deviation = Math.sqrt(squares / pixels.length)
  return Float32Array.from(pixels, (v) => (v - mean) / deviation)
}

async function main() {
  const session = await ort.InferenceSession.create('../mini.onnx')
  const outputs = {}
  for (const [name, pixel] of Object.entries(films)) {
    const pixels = []
    for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) pixels.push(pixel(x, y))
    const film = new ort.Tensor('float32', standardize(pixels), [1, 1, side, side])
    const { embedding } = await session.run({ film })
    outputs[name] = Array.from(embedding.data, (v) => Number(v.toPrecision(7)))
  }
  fs.writeFileSync('reference.json', JSON.stringify({ side, outputs }) + '\n')
}

main()
