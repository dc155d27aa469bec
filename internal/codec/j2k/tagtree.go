package j2k

// A tagTree codes a small array by the minima of ever larger squares (T.800
// B.10.2).
type tagTree struct {
	levels []treeLevel // from the leaves
}

type treeLevel struct {
	width int
	nodes []treeNode
}

// A treeNode's value is known once low reaches it; until then it is at least
// low.
type treeNode struct {
	low   int32
	known bool
}

func newTagTree(w, h int) tagTree {
	var t tagTree
	for {
		t.levels = append(t.levels, treeLevel{w, make([]treeNode, w*h)})
		if w*h <= 1 {
			return t
		}
		w, h = (w+1)/2, (h+1)/2
	}
}

// below reads on until it is known whether the leaf's value is below the
// threshold, and reports that.
func (t *tagTree) below(r *headerBits, x, y int, threshold int32) bool {
	var low int32
	var n *treeNode
	for i := len(t.levels) - 1; i >= 0; i-- {
		level := &t.levels[i]
		n = &level.nodes[(y>>i)*level.width+x>>i]
		n.low = max(n.low, low)
		for !n.known && n.low < threshold {
			if r.bit() == 1 {
				n.known = true
			} else {
				n.low++
			}
		}
		low = n.low
	}
	return n.known && n.low < threshold
}

// headerBits reads the bits of packet headers: after a byte 0xFF the next has
// seven (T.800 B.10.1). Past the end it reads zeros and remembers it.
type headerBits struct {
	src     []byte
	pos     int
	current byte
	left    uint // bits of current
	overrun bool
}

func (r *headerBits) bit() int {
	if r.left == 0 {
		r.left = 8
		if r.current == 0xFF {
			r.left = 7
		}
		r.current = 0
		if r.pos < len(r.src) {
			r.current = r.src[r.pos]
			r.pos++
		} else {
			r.overrun = true
		}
	}
	r.left--
	return int(r.current>>r.left) & 1
}

func (r *headerBits) bits(n int) int64 {
	v := int64(0)
	for range n {
		v = v<<1 | int64(r.bit())
	}
	return v
}

// align goes to the byte behind the header: a last byte 0xFF has a stuffed one
// behind it.
func (r *headerBits) align() {
	if r.current == 0xFF && r.pos < len(r.src) {
		r.pos++
	}
	r.current, r.left = 0, 0
}
