package show

import (
	"bytes"
	"errors"
	"fmt"
	"image/color"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/cxrkit/cxrkit/cxr"
)

// A Scatter is embeddings as points: the two directions in which they differ
// most, by principal component analysis.
type Scatter struct {
	groups []string // the largest first
	points map[string]plotter.XYs
	shares [2]float64 // of the variance, along each axis
}

// Embeddings is a scatter of embeddings, the mean over the tokens of each, with
// a color for each group; groups has a name for each embedding.
func Embeddings(embeddings []*cxr.Embedding, groups []string) (*Scatter, error) {
	if len(embeddings) < 3 || len(groups) != len(embeddings) {
		return nil, fmt.Errorf("show: %d embeddings in %d groups, want at least 3 with a group each", len(embeddings), len(groups))
	}
	dim := embeddings[0].Dim
	features := mat.NewDense(len(embeddings), dim, nil)
	var mean []float32
	for i, e := range embeddings {
		if err := e.Validate(); err != nil {
			return nil, err
		}
		if e.Dim != dim {
			return nil, fmt.Errorf("show: embedding %d has %d features, the first %d: %w", i, e.Dim, dim, cxr.ErrMismatch)
		}
		mean = e.Mean(mean[:0])
		for j, v := range mean {
			features.Set(i, j, float64(v))
		}
	}
	var pc stat.PC
	if !pc.PrincipalComponents(features, nil) {
		return nil, errors.New("show: no principal components: the decomposition did not converge")
	}
	var vectors, projected mat.Dense
	pc.VectorsTo(&vectors)
	if _, c := vectors.Dims(); c < 2 {
		return nil, errors.New("show: embeddings of fewer than two features")
	}
	projected.Mul(centered(features), vectors.Slice(0, dim, 0, 2))
	s := &Scatter{points: map[string]plotter.XYs{}}
	variances, total := pc.VarsTo(nil), 0.0
	for _, v := range variances {
		total += v
	}
	if total == 0 {
		return nil, errors.New("show: the embeddings are all equal")
	}
	// A component's sign is arbitrary. Here the point that is farthest out lies
	// on the positive side, so that every machine draws the same picture.
	var sign [2]float64
	for c := range 2 {
		s.shares[c] = variances[c] / total
		farthest := 0.0
		for i := range embeddings {
			if d := projected.At(i, c); d*d > farthest*farthest {
				farthest = d
			}
		}
		sign[c] = 1
		if farthest < 0 {
			sign[c] = -1
		}
	}
	for i, g := range groups {
		if _, ok := s.points[g]; !ok {
			s.groups = append(s.groups, g)
		}
		s.points[g] = append(s.points[g], plotter.XY{X: sign[0] * projected.At(i, 0), Y: sign[1] * projected.At(i, 1)})
	}
	slices.SortStableFunc(s.groups, func(a, b string) int { return len(s.points[b]) - len(s.points[a]) })
	return s, nil
}

// centered is features less the mean of each.
func centered(m *mat.Dense) *mat.Dense {
	rows, columns := m.Dims()
	out := mat.NewDense(rows, columns, nil)
	for c := range columns {
		column := mat.Col(nil, c, m)
		mean := stat.Mean(column, nil)
		for r, v := range column {
			out.Set(r, c, v-mean)
		}
	}
	return out
}

// String counts the points.
func (s *Scatter) String() string {
	var words []string
	for _, g := range s.groups {
		words = append(words, fmt.Sprintf("%d %s", len(s.points[g]), g))
	}
	return "a scatter plot: " + strings.Join(words, ", ")
}

// The largest group is drawn first and in gray: it is what the others stand out of.
// The others have colors of Okabe and Ito (2008), as the library's figures.
var groupColors = []color.Color{
	color.RGBA{150, 150, 150, 255}, color.RGBA{213, 94, 0, 255}, color.RGBA{0, 114, 178, 255},
	color.RGBA{0, 158, 115, 255}, color.RGBA{204, 121, 167, 255}, color.RGBA{230, 159, 0, 255},
}

const (
	scatterWidth  = 6 * vg.Inch
	scatterHeight = 4.5 * vg.Inch
)

// PNG is the plot as a PNG file.
func (s *Scatter) PNG() []byte {
	c := vgimg.NewWith(vgimg.UseWH(scatterWidth, scatterHeight), vgimg.UseDPI(120))
	s.plot().Draw(draw.New(c))
	var b bytes.Buffer
	vgimg.PngCanvas{Canvas: c}.WriteTo(&b) // a Buffer takes everything
	return b.Bytes()
}

// SVG is the plot as an element for a page.
func (s *Scatter) SVG() string {
	c := vgsvg.New(scatterWidth, scatterHeight)
	s.plot().Draw(draw.New(c))
	var b strings.Builder
	c.WriteTo(&b)
	svg := b.String()
	return svg[strings.Index(svg, "<svg"):] // without the XML prolog
}

func (s *Scatter) plot() *plot.Plot {
	const sans = "Sans" // of gonum/plot's Liberation fonts
	p := plot.New()
	for c, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Label.Text = fmt.Sprintf("component %d: %.0f %% of the variance", c+1, 100*s.shares[c])
		axis.Label.TextStyle.Font.Variant, axis.Tick.Label.Font.Variant = sans, sans
		axis.Label.Padding = vg.Points(4)
	}
	p.Legend.TextStyle.Font.Variant = sans
	p.Legend.Top = true
	for i, g := range s.groups {
		dots := &plotter.Scatter{XYs: s.points[g], GlyphStyle: draw.GlyphStyle{
			Color: groupColors[i%len(groupColors)], Radius: vg.Points(3), Shape: shape(i),
		}}
		p.Add(dots)
		p.Legend.Add(g, dots)
	}
	// Room at the edges, which would cut points in half, and for the legend.
	width, height := p.X.Max-p.X.Min, p.Y.Max-p.Y.Min
	p.X.Min, p.X.Max = p.X.Min-0.02*width, p.X.Max+0.02*width
	p.Y.Min, p.Y.Max = p.Y.Min-0.02*height, p.Y.Max+(0.04+0.05*float64(len(s.groups)))*height
	return p
}

// shape tells groups apart without color, and beyond the colors.
func shape(group int) draw.GlyphDrawer {
	shapes := []draw.GlyphDrawer{draw.CircleGlyph{}, draw.PyramidGlyph{}, draw.BoxGlyph{}, draw.CrossGlyph{}}
	return shapes[group%len(shapes)]
}
