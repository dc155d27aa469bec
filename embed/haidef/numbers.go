package haidef

import (
	"strconv"
	"strings"
)

// maxNumbers bounds an embedding.
const maxNumbers = 1 << 24

// numbers reads nested lists of the given shape in valid JSON. Lists of one
// element around it are looked through.
func numbers(raw []byte, shape ...int) ([]float32, error) {
	size := 1
	for _, d := range shape {
		size *= d
	}
	out := make([]float32, 0, min(size, len(raw)/2+1))
	const deepest = 8
	var counts [deepest]int // elements so far of each open list
	dims := []int{}         // of each depth, -1 until one is closed
	depth := 0
	for i := 0; i < len(raw); {
		switch c := raw[i]; {
		case c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == ',':
			i++
		case c == '[':
			if depth == deepest {
				return nil, corrupt("has lists too deep")
			}
			if depth > 0 {
				counts[depth-1]++
			}
			counts[depth] = 0
			if depth++; len(dims) < depth {
				dims = append(dims, -1)
			}
			i++
		case c == ']':
			depth--
			if dims[depth] >= 0 && dims[depth] != counts[depth] {
				return nil, corrupt("has lists of different lengths")
			}
			dims[depth] = counts[depth]
			i++
		case c == '-' || c >= '0' && c <= '9':
			end := i + 1
			for end < len(raw) && strings.IndexByte("0123456789+-.eE", raw[end]) >= 0 {
				end++
			}
			v, err := strconv.ParseFloat(string(raw[i:end]), 32)
			switch {
			case err != nil:
				return nil, corrupt("has a number that is not finite")
			case depth == 0 || depth != len(dims) || len(out) == size:
				return nil, corrupt("has other numbers than a list of %v", shape)
			}
			counts[depth-1]++
			out, i = append(out, float32(v)), end
		default:
			return nil, corrupt("has something else where a number belongs")
		}
	}
	if len(out) != size || !sameShape(dims, shape) {
		return nil, corrupt("has a list of %v numbers, want %v", dims, shape)
	}
	return out, nil
}

// sameShape compares shapes but for leading ones.
func sameShape(a, b []int) bool {
	trim := func(s []int) []int {
		for len(s) > 1 && s[0] == 1 {
			s = s[1:]
		}
		return s
	}
	a, b = trim(a), trim(b)
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
