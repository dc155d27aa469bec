// Package progress shows how far a program is, how fast it goes, and how long it
// will take.
package progress

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// A Progress shows how far something is: a bar on a terminal, a line at each
// quarter elsewhere, or every half minute. It is not safe for concurrent use.
type Progress struct {
	bar         *progressbar.ProgressBar
	w           io.Writer
	what, noun  string
	done, total int
	start, told time.Time
}

const (
	every = 30 * time.Second
	soon  = 2 * time.Second // before, rates say nothing, and nobody waits
)

// New begins at 0 of total of a noun in the plural: films, heads.
func New(w io.Writer, what, noun string, total int) *Progress {
	now := time.Now()
	p := &Progress{w: w, what: what, noun: noun, total: total, start: now, told: now}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(what),
			progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString(noun), progressbar.OptionClearOnFinish(),
			progressbar.OptionSetPredictTime(true))
	}
	return p
}

// Step counts one.
func (p *Progress) Step() {
	p.done++
	if p.bar != nil {
		p.bar.Add(1)
		return
	}
	now := time.Now()
	quarter := p.total > 0 && p.done*4/p.total != (p.done-1)*4/p.total
	if !quarter && now.Sub(p.told) < every {
		return
	}
	p.told = now
	fmt.Fprintf(p.w, "%s: %d of %d %s%s\n", p.what, p.done, p.total, p.noun, p.pace(now.Sub(p.start)))
}

// pace is the rate, and the time left.
func (p *Progress) pace(elapsed time.Duration) string {
	if elapsed < soon {
		return ""
	}
	rate := float64(p.done) / elapsed.Seconds()
	left := time.Duration(float64(p.total-p.done) / rate * float64(time.Second))
	if p.done >= p.total {
		return fmt.Sprintf(", %.3g a second", rate)
	}
	return fmt.Sprintf(", %.3g a second, %v left", rate, max(left.Round(time.Second), time.Second))
}

// Line prints a message without tearing the bar.
func (p *Progress) Line(text string) {
	if p.bar != nil {
		p.bar.Clear()
	}
	fmt.Fprintln(p.w, text)
}

// End takes a bar away that has not come to its end.
func (p *Progress) End() {
	if p.bar != nil {
		p.bar.Clear()
	}
}
