package mlp

import "github.com/cxrkit/cxrkit/head"

// join makes one network of several of the same shape. It gives the mean of
// their log odds: the first layers stand above each other, further ones along the
// diagonal with zeros beside them, and the last adds up.
func join(networks [][]head.Layer) []head.Layer {
	k := len(networks)
	if k == 1 {
		return networks[0]
	}
	last := len(networks[0]) - 1
	joined := make([]head.Layer, last+1)
	for i := range joined {
		one := networks[0][i]
		l := head.Layer{In: one.In, Out: one.Out}
		if i > 0 {
			l.In *= k
		}
		if i < last {
			l.Out *= k
		}
		l.Weights, l.Bias = make([]float64, l.In*l.Out), make([]float64, l.Out)
		for n, network := range networks {
			part, row, column, share := network[i], n*one.Out, n*one.In, 1.0
			if i == 0 {
				column = 0
			}
			if i == last {
				row, share = 0, 1/float64(k)
			}
			for o := range part.Out {
				l.Bias[row+o] += share * part.Bias[o]
				for j := range part.In {
					l.Weights[(row+o)*l.In+column+j] += share * part.Weights[o*part.In+j]
				}
			}
		}
		joined[i] = l
	}
	return joined
}
