package dicomweb

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// Whatever a search answers, what is used of it is of the form that it must have.
func FuzzRows(f *testing.F) {
	f.Add(`[{"0020000D":{"vr":"UI","Value":["1.2"]},"00080061":{"Value":["CR","DX"]},"00201209":{"vr":"IS","Value":[2]}}]`)
	f.Add(`[{"0020000D":{"Value":[null,{}]},"00201209":{"Value":["-1"]},"00080060":{"Value":[{"Alphabetic":"x"}]}}]`)
	f.Add(`[null]`)
	f.Add(` `)
	f.Fuzz(func(t *testing.T, body string) {
		rows, err := readRows(&http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(body))})
		if err != nil {
			return
		}
		for _, r := range rows {
			if n := r.Films.number(); n < -1 {
				t.Fatal(n)
			}
			if uid := r.Study.text(); validUID(uid) && strings.ContainsAny(uid, "/?#% ") {
				t.Fatal(uid)
			}
			r.Modality.fits([]string{"CR"})
			r.Present.anyOf([]string{"CR"})
		}
	})
}
