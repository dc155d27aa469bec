// Package progress shows how far a program is with its films.
package progress

import (
	"fmt"
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// A Progress shows how far the films are: a bar on a terminal, a line at each
// quarter elsewhere.
type Progress struct {
	bar         *progressbar.ProgressBar
	w           io.Writer
	what        string
	done, total int
}

// New begins at 0 of total.
func New(w io.Writer, what string, total int) *Progress {
	p := &Progress{w: w, what: what, total: total}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(what),
			progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("films"), progressbar.OptionClearOnFinish())
	}
	return p
}

// Step counts one film.
func (p *Progress) Step() {
	p.done++
	if p.bar != nil {
		p.bar.Add(1)
		return
	}
	if p.total > 0 && p.done*4/p.total != (p.done-1)*4/p.total {
		fmt.Fprintf(p.w, "%s %d of %d\n", p.what, p.done, p.total)
	}
}

// Line prints a message without tearing the bar.
func (p *Progress) Line(text string) {
	if p.bar != nil {
		p.bar.Clear()
	}
	fmt.Fprintln(p.w, text)
}
