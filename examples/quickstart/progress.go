package main

import (
	"fmt"
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// A progress shows how far the films are: a bar on a terminal, a line at each
// quarter elsewhere.
type progress struct {
	bar         *progressbar.ProgressBar
	w           io.Writer
	what        string
	done, total int
}

func newProgress(w io.Writer, what string, total int) *progress {
	p := &progress{w: w, what: what, total: total}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(what),
			progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("films"), progressbar.OptionClearOnFinish())
	}
	return p
}

// step counts one film.
func (p *progress) step() {
	p.done++
	if p.bar != nil {
		p.bar.Add(1)
		return
	}
	if p.done*4/p.total != (p.done-1)*4/p.total {
		fmt.Fprintf(p.w, "%s %d of %d\n", p.what, p.done, p.total)
	}
}

// line prints a message without tearing the bar.
func (p *progress) line(text string) {
	if p.bar != nil {
		p.bar.Clear()
	}
	fmt.Fprintln(p.w, text)
}
