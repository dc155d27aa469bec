package j2k

// Flags of a sample: what its contexts depend on.
const (
	flagNW = 1 << iota // significant neighbors
	flagN
	flagNE
	flagW
	flagE
	flagSW
	flagS
	flagSE
	signN // negative neighbors
	signS
	signW
	signE

	signFlags = 1<<iota - 1
)

var (
	zeroContexts = makeZeroContexts()
	signContexts = makeSignContexts()
)

// makeZeroContexts tabulates T.800 table D.1 by orientation.
func makeZeroContexts() (t [4][256]uint8) {
	for f := range 256 {
		bit := func(flag int) int {
			if f&flag != 0 {
				return 1
			}
			return 0
		}
		h, v := bit(flagW)+bit(flagE), bit(flagN)+bit(flagS)
		d := bit(flagNW) + bit(flagNE) + bit(flagSW) + bit(flagSE)
		t[0][f] = lowContext(h, v, d)
		t[1][f] = lowContext(v, h, d)
		t[2][f] = t[0][f]
		t[3][f] = diagonalContext(h+v, d)
	}
	return t
}

func lowContext(h, v, d int) uint8 {
	switch {
	case h == 2:
		return 8
	case h == 1 && v >= 1:
		return 7
	case h == 1 && d >= 1:
		return 6
	case h == 1:
		return 5
	case v > 0:
		return uint8(2 + v)
	}
	return uint8(min(d, 2))
}

func diagonalContext(hv, d int) uint8 {
	switch {
	case d >= 3:
		return 8
	case d == 2:
		return uint8(6 + min(hv, 1))
	case d == 1:
		return uint8(3 + min(hv, 2))
	}
	return uint8(min(hv, 2))
}

// signFlip marks in signContexts that the decoded sign is to be inverted.
const signFlip = 0x80

// makeSignContexts tabulates T.800 tables D.2 and D.3.
func makeSignContexts() (t [4096]uint8) {
	for f := range t {
		side := func(neighbor, sign int) int {
			switch {
			case f&neighbor == 0:
				return 0
			case f&sign != 0:
				return -1
			}
			return 1
		}
		h := max(-1, min(1, side(flagW, signW)+side(flagE, signE)))
		v := max(-1, min(1, side(flagN, signN)+side(flagS, signS)))
		flip := uint8(0)
		if h < 0 || h == 0 && v < 0 {
			flip, h, v = signFlip, -h, -v
		}
		if h == 1 {
			t[f] = uint8(contextSign+3+v) | flip
		} else {
			t[f] = uint8(contextSign+v) | flip
		}
	}
	return t
}
