package head

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/stats"
)

// The format of model files is described in docs/HEADFORMAT.md.
const (
	fileMagic    = "CXRHEAD\n"
	fileVersion  = 2
	filePreamble = len(fileMagic) + 8
	maxModelFile = 1 << 30
	maxFileSide  = 1 << 24 // of a layer
)

// A fileHeader is the part of a model file that people can read. The numbers
// that follow it are Mean, Scale, Queries if there is attention, weights and bias
// of each layer, and those of Novelty.
type fileHeader struct {
	Findings     []string      `json:"findings"`
	Space        cxr.Space     `json:"space"`
	Attention    bool          `json:"attention,omitempty"`
	Layers       []fileLayer   `json:"layers"`
	Calibrations []Calibration `json:"calibrations,omitempty"`
	Thresholds   []Threshold   `json:"thresholds,omitempty"`
	Conformal    []Conformal   `json:"conformal,omitempty"`
	Novelty      *fileNovelty  `json:"novelty,omitempty"`
	Training     Training      `json:"training"`
}

type fileLayer struct {
	In  int `json:"in"`
	Out int `json:"out"`
}

type fileNovelty struct {
	Directions int `json:"directions"`
	Distances  int `json:"distances"`
}

// WriteTo saves the model. The same model gives the same bytes.
func (m *Model) WriteTo(w io.Writer) (int64, error) {
	s := &m.spec
	header := fileHeader{
		Findings: s.Findings, Space: s.Space, Attention: s.Queries != nil, Calibrations: s.Calibrations, Thresholds: s.Thresholds, Conformal: s.Conformal, Training: s.Training,
	}
	for _, l := range s.Layers {
		header.Layers = append(header.Layers, fileLayer{l.In, l.Out})
	}
	if n := s.Novelty; n != nil {
		header.Novelty = &fileNovelty{len(n.novelty.Variance) - 1, len(n.novelty.Distances)}
	}
	text, err := json.MarshalIndent(header, "", "  ")
	if err != nil {
		return 0, fmt.Errorf("head: write model: %w", err)
	}
	file := []byte(fileMagic)
	file = binary.LittleEndian.AppendUint32(file, fileVersion)
	file = binary.LittleEndian.AppendUint32(file, uint32(len(text)))
	file = append(file, text...)
	for _, list := range s.numbers() {
		for _, v := range *list {
			file = binary.LittleEndian.AppendUint64(file, math.Float64bits(v))
		}
	}
	sum := sha256.Sum256(file)
	n, err := w.Write(append(file, sum[:]...))
	if err != nil {
		return int64(n), fmt.Errorf("head: write model: %w", err)
	}
	return int64(n), nil
}

// numbers are the lists that a file holds in binary, in its order.
func (s *Spec) numbers() []*[]float64 {
	lists := []*[]float64{&s.Mean, &s.Scale}
	if s.Queries != nil {
		lists = append(lists, &s.Queries)
	}
	for i := range s.Layers {
		lists = append(lists, &s.Layers[i].Weights, &s.Layers[i].Bias)
	}
	if s.Novelty != nil {
		lists = append(lists, s.Novelty.numbers()...)
	}
	return lists
}

// ReadModel loads a model, all of it or none. A file that is torn or altered,
// or is no model, is refused with [cxr.ErrCorrupt] or [cxr.ErrTruncated], one of
// a later version with [cxr.ErrUnsupported], one of more than 1 GiB with
// [cxr.ErrTooLarge]. Memory follows the length of the file.
func ReadModel(r io.Reader) (*Model, error) {
	file, err := io.ReadAll(io.LimitReader(r, maxModelFile+1))
	if err != nil {
		return nil, fmt.Errorf("head: read model: %w", err)
	}
	if len(file) > maxModelFile {
		return nil, fmt.Errorf("head: read model: %w: more than %d bytes", cxr.ErrTooLarge, maxModelFile)
	}
	m, err := parseModel(file)
	if err != nil {
		return nil, fmt.Errorf("head: read model: %w", err)
	}
	return m, nil
}

func parseModel(file []byte) (*Model, error) {
	if !bytes.HasPrefix(file, []byte(fileMagic)) {
		return nil, fmt.Errorf("%w: not a model file", cxr.ErrCorrupt)
	}
	if len(file) < filePreamble+sha256.Size {
		return nil, fmt.Errorf("%w: %d bytes", cxr.ErrTruncated, len(file))
	}
	switch v := binary.LittleEndian.Uint32(file[len(fileMagic):]); v {
	case fileVersion:
	case 1:
		return nil, fmt.Errorf("%w: model file version 1 does not say by which weights its embeddings were made; train the head again", cxr.ErrUnsupported)
	default:
		return nil, fmt.Errorf("%w: model file version %d, this program reads %d", cxr.ErrUnsupported, v, fileVersion)
	}
	body, sum := file[:len(file)-sha256.Size], file[len(file)-sha256.Size:]
	if want := sha256.Sum256(body); !bytes.Equal(sum, want[:]) {
		return nil, fmt.Errorf("%w: the checksum does not match: torn or altered", cxr.ErrCorrupt)
	}
	size := binary.LittleEndian.Uint32(file[len(fileMagic)+4:])
	rest := body[filePreamble:]
	if uint64(size) > uint64(len(rest)) {
		return nil, fmt.Errorf("%w: header of %d bytes in %d", cxr.ErrCorrupt, size, len(rest))
	}
	s, shape, err := parseHeader(rest[:size])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", cxr.ErrCorrupt, err)
	}
	if err := s.parseNumbers(rest[size:], shape); err != nil {
		return nil, fmt.Errorf("%w: %w", cxr.ErrCorrupt, err)
	}
	m, err := NewModel(*s)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", cxr.ErrCorrupt, err)
	}
	return m, nil
}

func parseHeader(text []byte) (*Spec, *fileNovelty, error) {
	var h fileHeader
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&h); err != nil {
		return nil, nil, fmt.Errorf("header: %w", err)
	}
	if d.More() {
		return nil, nil, fmt.Errorf("header: something after its end")
	}
	s := &Spec{Findings: h.Findings, Space: h.Space, Calibrations: h.Calibrations, Thresholds: h.Thresholds, Conformal: h.Conformal, Training: h.Training}
	if h.Attention {
		s.Queries = []float64{} // parseNumbers fills it
	}
	for _, l := range h.Layers {
		s.Layers = append(s.Layers, Layer{In: l.In, Out: l.Out})
	}
	if h.Novelty != nil {
		s.Novelty = &Novelty{h.Space, &stats.Novelty{}}
	}
	return s, h.Novelty, nil
}

// parseNumbers takes what the shapes in the header ask for, which must be
// exactly what there is.
func (s *Spec) parseNumbers(data []byte, novelty *fileNovelty) error {
	dim := int64(s.Space.Dim)
	counts := []int64{dim, dim}
	total := int64(0)
	side := func(n int) bool { return n >= 1 && n <= maxFileSide }
	if !side(s.Space.Dim) {
		return fmt.Errorf("%d features", s.Space.Dim)
	}
	if s.Queries != nil {
		if !side(len(s.Findings)) {
			return fmt.Errorf("%d findings", len(s.Findings))
		}
		counts = append(counts, dim*int64(len(s.Findings)))
	}
	for i, l := range s.Layers {
		if !side(l.In) || !side(l.Out) {
			return fmt.Errorf("layer %d of %d to %d", i, l.In, l.Out)
		}
		counts = append(counts, int64(l.In)*int64(l.Out), int64(l.Out))
	}
	if novelty != nil {
		if !side(novelty.Directions+1) || !side(novelty.Distances) {
			return fmt.Errorf("novelty of %d directions and %d distances", novelty.Directions, novelty.Distances)
		}
		counts = append(counts, dim, int64(novelty.Directions)*dim, int64(novelty.Directions)+1, int64(novelty.Distances))
	}
	for _, n := range counts {
		if total += n; total > maxModelFile/8 {
			return fmt.Errorf("more than %d numbers", maxModelFile/8)
		}
	}
	if int64(len(data)) != 8*total {
		return fmt.Errorf("%d bytes for %d numbers", len(data), total)
	}
	for k, list := range s.numbers() {
		*list = make([]float64, counts[k])
		for i := range *list {
			(*list)[i] = math.Float64frombits(binary.LittleEndian.Uint64(data))
			data = data[8:]
		}
	}
	return nil
}
