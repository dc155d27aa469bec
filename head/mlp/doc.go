// Package mlp trains small networks on embeddings: the head that CXR Foundation
// was published with (two hidden layers of 512 and 256, ReLU, batch
// normalization, dropout), for many findings at once, as a Gorgonia graph.
//
// A trained network is a [head.Model], which predicts without Gorgonia: batch
// normalization is folded into the next layer.
package mlp
