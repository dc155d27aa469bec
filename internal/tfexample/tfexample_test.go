package tfexample

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"testing"
)

// golden is the payload of the TFRecord that upstream's demo data has for the
// first film of ChestX-ray14.
const golden = "0a640a3b0a08696d6167652f6964122f0a2d0a2b67733a2f2f73757065727261642f696e707574732f63787231342f30303030303030315f3030302e706e67" +
	"0a250a09656d62656464696e67121812160a140000404000000000000080400000000000004040"

func TestUpstreamsBytes(t *testing.T) {
	want, err := hex.DecodeString(golden)
	if err != nil {
		t.Fatal(err)
	}
	features := []Feature{
		{Name: "image/id", Bytes: [][]byte{[]byte("gs://superrad/inputs/cxr14/00000001_000.png")}},
		{Name: "embedding", Floats: []float32{3, 0, 4, 0, 3}},
	}
	if got := Marshal(features...); !bytes.Equal(got, want) {
		t.Errorf("wrote\n%x, want\n%x", got, want)
	}
	got, err := Parse(want)
	if err != nil || !reflect.DeepEqual(got, features) {
		t.Errorf("read %v, error %v", got, err)
	}
}

func FuzzParse(f *testing.F) {
	data, _ := hex.DecodeString(golden)
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		features, err := Parse(data)
		if err != nil {
			return
		}
		again, err := Parse(Marshal(features...))
		if err != nil || len(again) != len(features) {
			t.Errorf("%d features written, %d read, error %v", len(features), len(again), err)
		}
	})
}
