package network

// opDepthToSpace makes pixels of channels.
func opDepthToSpace(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	b, s := n.Int("blocksize"), in[0].shape
	if b < 1 || b > maxSide || len(s) != 4 || s[1]%(b*b) != 0 {
		return nil, corrupt(n, "blocksize %d of shape %v", b, s)
	}
	depth, perm, shape := s[1]/(b*b), []int{0, 3, 4, 1, 5, 2}, []int{s[0], b, b, s[1] / (b * b), s[2], s[3]}
	switch n.Text("mode") {
	case "DCR", "": // up to opset 10 there is no other
	case "CRD":
		perm, shape = []int{0, 1, 4, 2, 5, 3}, []int{s[0], depth, b, b, s[2], s[3]}
	default:
		return nil, corrupt(n, "mode %q", n.Text("mode"))
	}
	t := c.transpose(n, c.view(in[0], shape), perm)
	return []*tensor{c.view(t, []int{s[0], depth, s[2] * b, s[3] * b})}, nil
}

// opSpaceToDepth makes channels of pixels.
func opSpaceToDepth(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	b, s := n.Int("blocksize"), in[0].shape
	if b < 1 || b > maxSide || len(s) != 4 || s[2]%b != 0 || s[3]%b != 0 {
		return nil, corrupt(n, "blocksize %d of shape %v", b, s)
	}
	t := c.view(in[0], []int{s[0], s[1], s[2] / b, b, s[3] / b, b})
	t = c.transpose(n, t, []int{0, 3, 5, 1, 2, 4})
	return []*tensor{c.view(t, []int{s[0], s[1] * b * b, s[2] / b, s[3] / b})}, nil
}
