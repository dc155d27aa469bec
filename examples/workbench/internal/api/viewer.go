package api

import (
	"encoding/binary"
	"net/http"
	"slices"

	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/embed/local/lungs"
	"github.com/cxrkit/cxrkit/embed/maps"
)

// look answers what looking at films asks for.
func (a *api) look(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/film/{i}/pixels", a.pixels)
	mux.HandleFunc("GET /api/film/{i}/lungs", a.lungs)
	mux.HandleFunc("GET /api/film/{i}/seen", a.seen)
	mux.HandleFunc("GET /api/film/{i}/map", a.scoreMap)
}

// pixels are a film's values and what they mean: after a head each value as 1 or 2
// bytes, then, at an even place, the gray of each value as 2.
func (a *api) pixels(w http.ResponseWriter, r *http.Request) {
	i, ok := a.number(w, r)
	if !ok {
		return
	}
	p, err := a.Pixels(r.Context(), i)
	if err != nil {
		failed(w, err)
		return
	}
	type window struct {
		Center float64 `json:"center"`
		Width  float64 `json:"width"`
	}
	head := struct {
		Width    int      `json:"width"`
		Height   int      `json:"height"`
		Bytes    int      `json:"bytes"` // of a value
		Values   int      `json:"values"`
		Levels   int      `json:"levels"`
		Lowest   float64  `json:"lowest"`
		Step     float64  `json:"step"`
		Inverted bool     `json:"inverted"`
		Windows  []window `json:"windows"`
		LUTs     int      `json:"luts"`
		Picture  string   `json:"picture"`
		Notes    []string `json:"notes"`
	}{p.Width, p.Height, 1, len(p.Gray), p.Levels, p.Lowest, p.Step, p.Inverted, []window{}, p.LUTs, p.Picture, append([]string{}, p.Notes...)}
	for _, v := range p.Windows {
		if v.Function == dicomconv.LinearWindow { // for which Step is 1 and the center lies between two values
			head.Windows = append(head.Windows, window{v.Center - 0.5, v.Width - 1})
			continue
		}
		head.Windows = append(head.Windows, window{v.Center, v.Width})
	}
	if len(p.Gray) > 256 {
		head.Bytes = 2
	}
	out, err := withHead(head, head.Bytes*len(p.Value)+1+2*len(p.Gray))
	if err != nil {
		failed(w, err)
		return
	}
	for _, v := range p.Value {
		if head.Bytes == 1 {
			out = append(out, byte(v))
		} else {
			out = binary.LittleEndian.AppendUint16(out, v)
		}
	}
	if len(out)%2 == 1 {
		out = append(out, 0)
	}
	for _, g := range p.Gray {
		out = binary.LittleEndian.AppendUint16(out, g)
	}
	file(w, "application/octet-stream", "", out)
}

// lungs are the lungs of a film, and what is measured on them.
func (a *api) lungs(w http.ResponseWriter, r *http.Request) {
	i, ok := a.number(w, r)
	if !ok {
		return
	}
	l, err := a.Lungs(r.Context(), i)
	if err != nil {
		failed(w, err)
		return
	}
	cells := func(m *lungs.Mask) string {
		out := make([]byte, len(m.Cells))
		for k, in := range m.Cells {
			out[k] = '0'
			if in {
				out[k] = '1'
			}
		}
		return string(out)
	}
	line := func(v lungs.Line) []float64 {
		if v.Length() == 0 {
			return nil
		}
		return []float64{v.From.X, v.From.Y, v.To.X, v.To.Y}
	}
	h := l.Heart
	answer(w, map[string]any{
		"width": l.Width, "height": l.Height, "grid": lungs.Grid, "found": l.Found, "doubts": append([]string{}, l.Doubts...),
		"right": cells(l.Right), "left": cells(l.Left), "box": []int{l.Box.Min.X, l.Box.Min.Y, l.Box.Max.X, l.Box.Max.Y},
		"rightArea": l.Right.Area(), "leftArea": l.Left.Area(), "sureness": l.Sureness(), "symmetry": l.Symmetry(),
		"heart": map[string]any{
			"median": h.Median, "medianLine": line(h.MedianLine), "classical": h.Classical,
			"rightReach": line(h.RightReach), "leftReach": line(h.LeftReach), "chest": line(h.Chest),
		},
	})
}

// seen is what the model gets of a film.
func (a *api) seen(w http.ResponseWriter, r *http.Request) {
	i, ok := a.number(w, r)
	if !ok {
		return
	}
	s, err := a.Seen(r.Context(), i)
	if err != nil {
		failed(w, err)
		return
	}
	answer(w, map[string]any{"png": s.PNG, "width": s.Width, "height": s.Height, "part": slices.Clone(s.Part[:]), "said": s.Said})
}

// scoreMap is where the score of a finding comes from.
func (a *api) scoreMap(w http.ResponseWriter, r *http.Request) {
	i, ok := a.number(w, r)
	if !ok {
		return
	}
	m, err := a.ScoreMap(r.Context(), i, r.FormValue("finding"))
	if err != nil {
		failed(w, err)
		return
	}
	grid := func(g *maps.Grid) any {
		return map[string]any{"columns": g.Columns, "rows": g.Rows, "values": g.Values, "left": g.Left, "top": g.Top, "right": g.Right, "bottom": g.Bottom}
	}
	answer(w, map[string]any{"grid": grid(m.Grid), "chance": grid(m.Chance), "exact": m.Exact})
}
