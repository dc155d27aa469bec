package head_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head"
)

// none is no calibration.
const none head.Method = -1

// network is a small model with everything in it. curve is none, Platt or
// Isotonic.
func network(t testing.TB, tokens int, curve head.Method) *head.Model {
	t.Helper()
	rng := rand.New(rand.NewPCG(3, 1))
	normals := func(n int) []float64 {
		v := make([]float64, n)
		for i := range v {
			v[i] = rng.NormFloat64()
		}
		return v
	}
	s := head.Spec{
		Findings: []string{"effusion", "mass"},
		Space:    cxr.Space{Model: "test", Digest: "d1", Recipe: "standard/1", Tokens: tokens, Dim: 4},
		Mean:     normals(4), Scale: []float64{1, 2, 0, 0.5},
		Layers: []head.Layer{
			{In: 4, Out: 3, Weights: normals(12), Bias: normals(3)},
			{In: 3, Out: 2, Weights: normals(6), Bias: normals(2)},
		},
		Thresholds: []head.Threshold{{Finding: "mass", Rule: "youden", Value: 0.25}},
		Training:   head.Training{Trainer: "test", Settings: map[string]float64{"C": 2}, Films: 9, Patients: 5, Counts: []head.Count{{Positive: 3, Negative: 4, Missing: 2}, {Positive: 1, Negative: 8}}},
	}
	switch curve {
	case head.Platt:
		s.Calibrations = []head.Calibration{{Slope: 1.5, Intercept: -0.5}, {Slope: 0.7, Intercept: 0.2}}
	case head.Isotonic:
		s.Calibrations = []head.Calibration{
			{LogOdds: []float64{-1, 0, 0.5, 2}, Probability: []float64{0.1, 0.2, 0.2, 0.9}},
			{LogOdds: []float64{0.3}, Probability: []float64{0.4}},
		}
	}
	m, err := head.NewModel(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// inputs are random embeddings for network.
func inputs(tokens, n int) []*cxr.Embedding {
	rng := rand.New(rand.NewPCG(8, 8))
	var all []*cxr.Embedding
	for range n {
		e := &cxr.Embedding{Space: cxr.Space{Model: "test", Digest: "d1", Recipe: "standard/1", Tokens: tokens, Dim: 4}}
		for range tokens * 4 {
			e.Values = append(e.Values, float32(2*rng.NormFloat64()))
		}
		all = append(all, e)
	}
	return all
}

func bytesOf(t testing.TB, m *head.Model) []byte {
	t.Helper()
	var b bytes.Buffer
	n, err := m.WriteTo(&b)
	if err != nil || n != int64(b.Len()) {
		t.Fatalf("wrote %d of %d bytes, error %v", n, b.Len(), err)
	}
	return b.Bytes()
}

func TestModelsComeBackAsTheyWere(t *testing.T) {
	for _, curve := range []head.Method{none, head.Platt, head.Isotonic} {
		m := network(t, 2, curve)
		file := bytesOf(t, m)
		back, err := head.ReadModel(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(back.Spec(), m.Spec()) {
			t.Errorf("%s: read %+v, wrote %+v", curve, back.Spec(), m.Spec())
		}
		if !bytes.Equal(bytesOf(t, back), file) {
			t.Errorf("%s: written again, other bytes", curve)
		}
		for _, e := range inputs(2, 20) {
			a, _ := m.Predict(e)
			b, err := back.Predict(e)
			if err != nil || !reflect.DeepEqual(a, b) {
				t.Errorf("%s: predicts %v, after reading %v (%v)", curve, a, b, err)
			}
		}
	}
}

// Every torn file and every changed byte is noticed.
func TestTornAndAlteredModelsAreRefused(t *testing.T) {
	file := bytesOf(t, network(t, 1, head.Platt))
	for n := range file {
		if _, err := head.ReadModel(bytes.NewReader(file[:n])); !errors.Is(err, cxr.ErrCorrupt) && !errors.Is(err, cxr.ErrTruncated) {
			t.Fatalf("the first %d of %d bytes: %v", n, len(file), err)
		}
	}
	for i := range file {
		altered := bytes.Clone(file)
		altered[i] ^= 4
		if _, err := head.ReadModel(bytes.NewReader(altered)); !errors.Is(err, cxr.ErrCorrupt) && !errors.Is(err, cxr.ErrUnsupported) {
			t.Fatalf("byte %d altered: %v", i, err)
		}
	}
	if _, err := head.ReadModel(bytes.NewReader(append(bytes.Clone(file), 0))); !errors.Is(err, cxr.ErrCorrupt) {
		t.Errorf("a byte too many: %v", err)
	}
}

func TestModelFilesOfOtherVersionsAreRefused(t *testing.T) {
	file := bytesOf(t, network(t, 1, none))
	for version, want := range map[byte]string{1: "train the head again", 3: "version 3, this program reads 2"} {
		file[8] = version
		_, err := head.ReadModel(bytes.NewReader(sign(file[:len(file)-sha256.Size])))
		if !errors.Is(err, cxr.ErrUnsupported) || !strings.Contains(err.Error(), want) {
			t.Errorf("version %d: %v, want %q", version, err, want)
		}
	}
}

// sign appends the checksum.
func sign(body []byte) []byte {
	sum := sha256.Sum256(body)
	return append(bytes.Clone(body), sum[:]...)
}

// resealed is the file with a part of its header replaced.
func resealed(file []byte, old, new string) []byte {
	size := binary.LittleEndian.Uint32(file[12:])
	header := bytes.Replace(file[16:16+size], []byte(old), []byte(new), 1)
	b := binary.LittleEndian.AppendUint32(bytes.Clone(file[:12]), uint32(len(header)))
	return sign(slices.Concat(b, header, file[16+size:len(file)-sha256.Size]))
}

// A checksum is no defense against a file made to harm: what it says must fit.
func TestForgedModelsAreRefused(t *testing.T) {
	good := bytesOf(t, network(t, 1, head.Isotonic))
	size := binary.LittleEndian.Uint32(good[12:])
	header, numbers := string(good[16:16+size]), good[16+size:len(good)-sha256.Size]
	forge := func(header string, numbers []byte) []byte {
		b := append([]byte("CXRHEAD\n"), 2, 0, 0, 0)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(header)))
		return sign(append(append(b, header...), numbers...))
	}
	if _, err := head.ReadModel(bytes.NewReader(forge(header, numbers))); err != nil {
		t.Fatalf("the file as it was: %v", err)
	}
	nan := bytes.Clone(numbers)
	binary.LittleEndian.PutUint64(nan, math.Float64bits(math.NaN()))
	tests := map[string]struct {
		header  string
		numbers []byte
		want    string
	}{
		"no JSON":                   {"{", numbers, "header: unexpected EOF"},
		"an unknown field":          {`{"code":"x"}`, numbers, `unknown field "code"`},
		"two headers":               {header + "{}", numbers, "something after its end"},
		"a huge layer":              {strings.Replace(header, `"out": 3`, `"out": 2000000000`, 1), numbers, "layer 0 of 4 to 2000000000"},
		"more numbers than memory":  {strings.Replace(strings.Replace(strings.Replace(header, `"out": 3`, `"out": 16777216`, 1), `"in": 3`, `"in": 16777216`, 1), `"out": 2`, `"out": 4`, 1), numbers, "more than 134217728 numbers"},
		"a negative layer":          {strings.Replace(header, `"out": 3`, `"out": -3`, 1), numbers, "layer 0 of 4 to -3"},
		"layers that do not follow": {strings.Replace(strings.Replace(header, `"out": 3`, `"out": 2`, 1), `"in": 3`, `"in": 6`, 1), append(bytes.Clone(numbers), make([]byte, 8)...), "for 6 to 2, after 2 outputs"},
		"too few numbers":           {header, numbers[8:], "240 bytes for 31 numbers"},
		"NaN":                       {header, nan, "standardization is not finite"},
		"a finding too many":        {strings.Replace(header, `"mass"`, `"mass", "nodule"`, 1), numbers, "calibrations for 3 findings"},
		"a finding twice":           {strings.Replace(header, `"mass"`, `"effusion"`, 1), numbers, "finding 1 is \"effusion\", again, empty"},
		"a falling curve":           {strings.Replace(header, `0.9`, `0.1`, 1), numbers, "not in order at knot 3"},
		"a threshold of nothing":    {strings.Replace(header, `"finding": "mass"`, `"finding": "x"`, 1), numbers, `threshold 0.25 of finding "x"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := head.ReadModel(bytes.NewReader(forge(test.header, test.numbers)))
			if !errors.Is(err, cxr.ErrCorrupt) || !strings.Contains(fmt.Sprint(err), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

// Files with a right checksum, so that what comes after it is reached.
func FuzzReadModel(f *testing.F) {
	for _, curve := range []head.Method{none, head.Platt, head.Isotonic} {
		file := bytesOf(f, network(f, 2, curve))
		f.Add(file[:len(file)-sha256.Size])
	}
	d := placed(1, 40)
	known, err := head.NewNovelty(d)
	if err != nil {
		f.Fatal(err)
	}
	m, err := head.Attention{}.Fit(f.Context(), d, nil)
	if err != nil {
		f.Fatal(err)
	}
	if m, err = m.WithNovelty(known); err != nil {
		f.Fatal(err)
	}
	file := bytesOf(f, m)
	f.Add(file[:len(file)-sha256.Size])
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := head.ReadModel(bytes.NewReader(sign(body)))
		if err != nil {
			return
		}
		file := bytesOf(t, m)
		back, err := head.ReadModel(bytes.NewReader(file))
		if err != nil || !bytes.Equal(bytesOf(t, back), file) {
			t.Fatalf("a model that was read does not come back: %v", err)
		}
	})
}
