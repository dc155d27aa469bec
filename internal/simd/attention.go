package simd

// An Attention is softmax(Scale * Q*K) * V*ValueScale of one head: Q of rows x Size, K
// of Size x Keys, V of Keys x Width, none of which is known before. Scores stay in the
// cache, some rows at a time.
type Attention struct {
	Size, Keys, Width     int
	Scale, ValueScale     float32
	KeyRow, KeyColumn     int       // element (i, j) of K lies at i*KeyRow + j*KeyColumn
	ValueRow, ValueColumn int       // as of V
	Precision             Precision // of the products, as of [GemmDynamic]
}

// AttentionRows is how many rows of Q are worth doing at once.
const AttentionRows = 48

// Scratch is how many values of scratch memory it needs.
func (a *Attention) Scratch() int {
	return DynamicScratch(a.Size, a.Keys) + DynamicScratch(a.Keys, a.Width) + AttentionRows*(a.Size+a.Keys)
}

// parts are the places in scratch memory: of both packed factors, of scaled rows of Q
// and of scores.
func (a *Attention) parts(scratch []float32) (keys, values, rows, scores []float32) {
	cut := func(n int) []float32 {
		part := scratch[:n]
		scratch = scratch[n:]
		return part
	}
	return cut(DynamicScratch(a.Size, a.Keys)), cut(DynamicScratch(a.Keys, a.Width)), cut(AttentionRows * a.Size), cut(AttentionRows * a.Keys)
}

// Pack readies the keys and values of a head for Run.
func (a *Attention) Pack(k, v, scratch []float32) {
	keys, values, _, _ := a.parts(scratch)
	packDynamic(a.Size, a.Keys, k, a.KeyRow, a.KeyColumn, keys, a.Precision)
	packDynamic(a.Keys, a.Width, v, a.ValueRow, a.ValueColumn, values, a.Precision)
}

// Run computes at most AttentionRows rows, out's ldo and Q's ldq apart, with what Pack
// left in scratch.
func (a *Attention) Run(out []float32, ldo int, q []float32, ldq, rows int, scratch []float32) {
	packedKeys, packedValues, scaled, scores := a.parts(scratch)
	k, v := packedDynamic(a.Size, a.Keys, packedKeys, a.Precision), packedDynamic(a.Keys, a.Width, packedValues, a.Precision)
	for r := range rows {
		Mul.Scalar(scaled[r*a.Size:][:a.Size], q[r*ldq:][:a.Size], a.Scale)
	}
	Gemm(scores, a.Keys, scaled, a.Size, rows, &k, None)
	for r := range rows {
		row := scores[r*a.Keys:][:a.Keys]
		Softmax(row, row)
	}
	Gemm(out, ldo, scores, a.Keys, rows, &v, None)
	if a.ValueScale != 1 {
		for r := range rows {
			row := out[r*ldo:][:a.Width]
			Mul.Scalar(row, row, a.ValueScale)
		}
	}
}
