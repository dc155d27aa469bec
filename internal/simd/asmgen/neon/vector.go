package main

// A vector is four values of the data, some bytes after the pointers, or the one
// to three that are left at its end.
type vector struct {
	*function
	disp int
	tail bool
}

// each writes a loop over n values, which are at least one; pointers move along.
// The body gets two vectors, or one, or one that is not whole.
func (k *function) each(n reg, pointers []reg, body func(vs []vector)) {
	advance := func(bytes int) {
		for _, p := range pointers {
			k.op("ADD $%d, R%d", bytes, p)
		}
	}
	run := func(vs ...vector) {
		vectors := k.vectors
		body(vs)
		k.vectors = vectors
	}
	k.op("SUBS $8, R%d", n)
	k.op("BLT four")
	k.label("loop")
	run(vector{k, 0, false}, vector{k, 16, false})
	advance(32)
	k.op("SUBS $8, R%d", n)
	k.op("BGE loop")
	k.label("four") // n is 8 less than what is left
	k.op("TBZ $2, R%d, few", n)
	run(vector{k, 0, false})
	advance(16)
	k.label("few")
	k.op("ANDS $3, R%d", n)
	k.op("BEQ done")
	k.rest = n
	run(vector{k, 0, true})
	k.label("done")
}

// one is each with a body that knows one vector.
func (k *function) one(n reg, pointers []reg, body func(v vector)) {
	k.each(n, pointers, func(vs []vector) {
		for _, v := range vs {
			vectors := k.vectors
			body(v)
			k.vectors = vectors
		}
	})
}

// load puts the values at a pointer into a register, and zeros where there are none.
func (v vector) load(from reg) vreg {
	r := v.vec()
	if !v.tail {
		v.op("FMOVQ %d(R%d), F%d", v.disp, from, r)
		return r
	}
	v.byRest(func() { v.op("FMOVS (R%d), F%d", from, r) }, func() { v.op("FMOVD (R%d), F%d", from, r) }, func() {
		v.op("ADD $8, R%d, R%d", from, scratch)
		v.op("VLD1 (R%d), V%d.S[2]", scratch, r)
	})
	return r
}

func (v vector) store(r vreg, to reg) {
	if !v.tail {
		v.op("FMOVQ F%d, %d(R%d)", r, v.disp, to)
		return
	}
	v.byRest(func() { v.op("FMOVS F%d, (R%d)", r, to) }, func() { v.op("FMOVD F%d, (R%d)", r, to) }, func() {
		v.op("ADD $8, R%d, R%d", to, scratch)
		v.op("VST1 V%d.S[2], (R%d)", r, scratch)
	})
}

// byRest writes what is done for one value, for two, and for the third.
func (v vector) byRest(one, two, third func()) {
	single, done := v.unique("single"), v.unique("done")
	v.op("CMP $2, R%d", v.rest)
	v.op("BLT %s", single)
	two()
	v.op("BEQ %s", done)
	third()
	v.op("JMP %s", done)
	v.label(single)
	one()
	v.label(done)
}

// or puts the lanes of other where there is no data.
func (v vector) or(r, other vreg) {
	if !v.tail {
		return
	}
	lane, count := v.vec(), v.vec()
	v.op("MOVD $0x0000000100000000, R%d", scratch)
	v.op("VMOV R%d, V%d.D[0]", scratch, lane)
	v.op("MOVD $0x0000000300000002, R%d", scratch)
	v.op("VMOV R%d, V%d.D[1]", scratch, lane)
	v.op("VDUP R%d, V%d.S4", v.rest, count)
	v.three("CMGT", count, count, lane)
	v.op("VBIF V%d.B16, V%d.B16, V%d.B16", count, other, r)
}

// fold makes one value of the lanes, by an operation of neighbors, and returns it
// as the result of that name; "ret" has none.
func (k *function) fold(op string, r vreg, result string) {
	k.three(op, r, r, r)
	k.three(op, r, r, r)
	k.op("FMOVS F%d, %s+%d(FP)", r, result, k.offset(result))
}
