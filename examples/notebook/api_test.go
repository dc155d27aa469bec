package notebook

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
)

// Every call of the primary API is said in a cell, and cells say what
// testdata/api.md wants. That nothing is left out is tested in kernel.
func TestAPI(t *testing.T) {
	n := parsed(t, "testdata/api.md", "cxrkit")
	says(t, n, installed(t, "cxrkit").execute(t, n))
}

// A film shows itself by its own method, every time: gophernotes takes one of two
// as the order of a map has it.
func TestFilmsShowTheirOwnPNG(t *testing.T) {
	const cell = "```go\n&cxr.Image{Width: 2, Height: 1, Depth: 8, Pix: []uint16{0, 255}}\n```\n"
	n, err := parse("```go\nimport \"github.com/cxrkit/cxrkit/cxr\"\n```\n"+strings.Repeat(cell, 10), "cxrkit")
	if err != nil {
		t.Fatal(err)
	}
	film := &cxr.Image{Width: 2, Height: 1, Depth: 8, Pix: []uint16{0, 255}}
	want := base64.StdEncoding.EncodeToString(film.PNG())
	for _, c := range installed(t, "cxrkit").execute(t, n).Cells[1:] {
		if len(c.Outputs) != 1 || strings.TrimSpace(string(c.Outputs[0].Data["image/png"])) != want {
			t.Errorf("a film is shown as %s, want the PNG %s", c.said(), want)
		}
	}
}

// The button Interrupt does what testdata/interrupt.md wants. Here it is Jupyter
// that interrupts, a cell that takes longer than the time it is given.
func TestInterrupt(t *testing.T) {
	n := parsed(t, "testdata/interrupt.md", "cxrkit")
	says(t, n, installed(t, "cxrkit").nbconvert(t, n, "--ExecutePreprocessor.timeout=10", "--ExecutePreprocessor.interrupt_on_timeout=True"))
}

// says compares what cells say with the text that stands under them.
func says(t *testing.T, n, ran *ipynb) {
	t.Helper()
	for i, c := range n.Cells {
		if c.Kind != "code" {
			continue
		}
		want := ""
		if i+1 < len(n.Cells) {
			if text, found := strings.CutPrefix(string(n.Cells[i+1].Source), "```text\n"); found {
				want, _, _ = strings.Cut(text, "\n```")
			}
		}
		if got := strings.TrimRight(ran.Cells[i].said(), "\n"); got != want {
			t.Errorf("this cell says\n%s\nwant\n%s\n\n%s", got, want, c.Source)
		}
	}
}
