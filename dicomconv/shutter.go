package dicomconv

import (
	"math"
	"slices"
	"strings"

	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/cxrkit/cxrkit/cxr"
)

// maxVertices bounds the work that a polygonal shutter can ask for.
const maxVertices = 1024

// A shutter says which part of the picture is to be seen (PS3.3 C.7.6.11): that
// within all of its shapes. Rows and columns count from 1.
type shutter struct {
	left, right, upper, lower float64
	circle                    *circle
	polygon                   []point
}

type point struct{ row, column float64 }

type circle struct {
	center point
	radius float64
}

// readShutter is the display shutter of a file, or nil. Shapes without their
// numbers are left out.
func readShutter(a attributes) *shutter {
	s := &shutter{right: math.Inf(1), lower: math.Inf(1)}
	for _, shape := range a.texts(tag.ShutterShape) {
		switch strings.ToUpper(shape) {
		case "RECTANGULAR":
			for t, edge := range map[tag.Tag]*float64{
				tag.ShutterLeftVerticalEdge:    &s.left,
				tag.ShutterRightVerticalEdge:   &s.right,
				tag.ShutterUpperHorizontalEdge: &s.upper,
				tag.ShutterLowerHorizontalEdge: &s.lower,
			} {
				if v, _ := a.number(t); v != nil {
					*edge = *v
				}
			}
		case "CIRCULAR":
			center, _ := a.numbers(tag.CenterOfCircularShutter)
			if radius, _ := a.number(tag.RadiusOfCircularShutter); radius != nil && len(center) == 2 {
				s.circle = &circle{point{center[0], center[1]}, *radius}
			}
		case "POLYGONAL":
			for v, _ := a.numbers(tag.VerticesOfThePolygonalShutter); len(v) >= 2 && len(s.polygon) < maxVertices; v = v[2:] {
				s.polygon = append(s.polygon, point{v[0], v[1]})
			}
		}
	}
	if s.left <= 1 && s.upper <= 1 && math.IsInf(s.right, 1) && math.IsInf(s.lower, 1) && s.circle == nil && len(s.polygon) < 3 {
		return nil
	}
	return s
}

// close makes black what s hides of m.
func (s *shutter) close(m *cxr.Image) {
	for y := range m.Height {
		row := m.Pix[y*m.Width:][:m.Width]
		crossings := s.crossings(float64(y + 1))
		for x := range row {
			if !s.open(float64(y+1), float64(x+1), crossings) {
				row[x] = 0
			}
		}
	}
}

// open reports whether a pixel shows, given the crossings of its row.
func (s *shutter) open(row, column float64, crossings []float64) bool {
	if column < s.left || column > s.right || row < s.upper || row > s.lower {
		return false
	}
	if c := s.circle; c != nil { // squares and not a root, which machines make differently
		y, x := row-c.center.row, column-c.center.column
		if c.radius < 0 || float64(y*y)+float64(x*x) > float64(c.radius*c.radius) {
			return false
		}
	}
	if len(s.polygon) < 3 {
		return true
	}
	left, _ := slices.BinarySearch(crossings, column) // of those on the left
	return left%2 == 1
}

// crossings are the columns, in order, where the polygon's sides cross a row.
func (s *shutter) crossings(row float64) []float64 {
	var at []float64
	for i, p := range s.polygon {
		q := s.polygon[(i+1)%len(s.polygon)]
		if (p.row <= row) != (q.row <= row) {
			at = append(at, p.column+float64((row-p.row)/(q.row-p.row)*(q.column-p.column))) // not fused: the same on every machine
		}
	}
	slices.Sort(at)
	return at
}
