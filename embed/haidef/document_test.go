package haidef

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestLongStringsAreTakenOut(t *testing.T) {
	long := strings.Repeat("QUJD", 1000)
	for doc, want := range map[string]string{ // "": no JSON
		`{"a":"` + long + `"}`:                long,
		`{"a":"` + long + `","a":"x"}`:        "x",
		`{"a":"` + long + `\n"}`:              long + "\n",
		`{"a":"\"` + long + `\\"}`:            `"` + long + `\`,
		`{"a":"` + long + `é"}`:               long + "é",
		`{"b":"` + long + `","a":"\u00e9"}`:   "é",
		`{"` + long + `":1,"a":"y"}`:          "y",
		`{"a":"` + long + "\n" + `"}`:         "",
		`{"a":"` + long + "\x1f" + `"}`:       "",
		`{"a":"` + long + "\xff" + `"}`:       "",
		`{"a":"` + long:                       "",
		`{"a":"` + long + `""}`:               "",
		`{"a":"` + long + `" "b":1}`:          "",
		`{"a":` + long + `}`:                  "",
		`{"a":"` + "\xff0" + `"}`:             "", // as if it was a mark
		`{"a":"x\`:                            "",
		`{"a":"` + long + `"}{"a":"` + long:   "",
		`{"a":"z","b":["` + long + `",true]}`: "z",
	} {
		d, ok := newDocument([]byte(doc))
		var m map[string]json.RawMessage
		got := ""
		if ok && json.Unmarshal(d.small, &m) == nil {
			got, _ = d.text(m["a"])
		}
		if got != want {
			t.Errorf("%.20s...: %.20s, want %.20s", doc, got, want)
		}
		if ok && strings.Contains(doc, long) && want == long && len(d.small) > 50 {
			t.Errorf("%.20s...: %d bytes are left", doc, len(d.small))
		}
	}
}

func TestControlCharacters(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 20000 {
		b := make([]byte, rng.IntN(20))
		for i := range b {
			b[i] = byte(0x1e + rng.IntN(4) + rng.IntN(2)*0x80)
		}
		if hasControl(b) != anyControl(b) {
			t.Fatalf("%x: %v", b, hasControl(b))
		}
	}
}

func FuzzDocument(f *testing.F) {
	long := strings.Repeat("A", longString)
	f.Add(`{"instances":[{"input_bytes":"` + long + `"}]}`)
	f.Add(`{"a":"` + long + `\n"}`)
	f.Add(`{"a":"` + long + "\x01\xff\"}")
	f.Fuzz(func(t *testing.T, doc string) {
		d, ok := newDocument([]byte(doc))
		if valid := utf8.ValidString(doc) && json.Valid([]byte(doc)); valid != (ok && json.Valid(d.small)) {
			t.Fatalf("valid JSON: %v, and its copy: %v", valid, !valid)
		}
	})
}
