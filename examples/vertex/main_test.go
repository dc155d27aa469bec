package main

import (
	"bytes"
	"strings"
	"testing"
)

func call(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out, errs bytes.Buffer
	err := run(t.Context(), args, &out, &errs)
	return out.String(), err
}

func TestStandIn(t *testing.T) {
	for protocol, want := range map[string]string{"v1": "phantom1.dcm: 1 x 1376, begins [", "v2": "phantom1.dcm: 32 x 768", "haidef": "phantom0.dcm: 32 x 768", "medsiglip": "phantom0.dcm: 1 x 1152"} {
		if out, err := call(t, "-protocol", protocol); err != nil || !strings.Contains(out, want) || !strings.Contains(out, "its numbers mean nothing") {
			t.Errorf("%s: %s, error %v", protocol, out, err)
		}
	}
}

func TestMistakes(t *testing.T) {
	for want, args := range map[string][]string{
		`protocol "v9"`:         {"-protocol", "v9"},
		"1 film failed":         {"main.go"},
		"no such folder or fil": {"none.dcm"},
		"are needed":            {"-endpoint", "1"},
	} {
		if out, err := call(t, args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %s, error %v, want %q", args, out, err, want)
		}
	}
}
