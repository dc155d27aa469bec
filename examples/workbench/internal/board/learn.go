package board

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/report"
)

// A learned is what was learned of a finding. It does not change.
type learned struct {
	from     *material
	model    *head.Model   // of all of them; nil: nothing could be learned
	problem  string        // why nothing could be
	fit      time.Duration // that it took
	scores   []float32     // by film: probability; unscored: it has no embedding
	shown    []float32     // the same, but of labeled films by heads that had not seen them
	scored   int           // films that have one
	judgment *judgment     // of this or of fewer labels; nil: nothing can be said yet
	judging  bool          // a newer judgment is under way
}

const unscored = -1

// A judgment is how well heads trained in this way do on patients that they have not
// seen.
type judgment struct {
	from    *material
	report  *report.Report
	unseen  []float64 // of each film: the mean probability by heads that had not seen its patient
	problem string    // why nothing can be said
	took    time.Duration
}

// wake has what there is to learn learned.
func (b *Board) wake() {
	select {
	case b.wanted <- struct{}{}:
	default:
	}
}

// learnAll learns what there is to learn, the finding last asked for first, until
// the board is closed.
func (b *Board) learnAll() {
	for {
		select {
		case <-b.about.Done():
			return
		case <-b.wanted:
		}
		b.mu.RLock()
		findings := slices.Clone(b.labels.findings)
		slices.SortStableFunc(findings, func(x, y string) int { return b.asked[y].Compare(b.asked[x]) })
		b.mu.RUnlock()
		if slices.ContainsFunc(findings, b.learn) {
			b.wake() // others may be waiting, and labels have come meanwhile
		}
	}
}

// learn learns a finding, if there is anything new of it, and says whether there
// was.
func (b *Board) learn(finding string) bool {
	if b.about.Err() != nil {
		return false
	}
	b.mu.RLock()
	m, old := b.material(finding), b.learned[finding]
	ready := b.ready
	b.mu.RUnlock()
	if old != nil && old.from.print == m.print {
		return b.scoreMore(old, ready)
	}
	l := &learned{from: m}
	if old != nil {
		l.judgment = old.judgment
	}
	start := time.Now()
	var err error
	switch {
	case len(m.films) == 0 && m.present+m.absent > 0:
		l.problem = "The labeled films have no embeddings yet."
	case m.present == 0 || m.absent == 0:
		l.problem = fmt.Sprintf("Label films that have it and films that have not: so far %d and %d.", m.present, m.absent)
	default:
		if l.model, err = (head.Linear{}).Fit(b.about, m.data, nil); err != nil {
			l.problem = err.Error()
		}
	}
	l.fit = time.Since(start)
	if l.model == nil {
		l.judgment = nil
		b.publish(l)
		return true
	}
	l.judging = true
	b.score(l)
	b.publish(l)

	judged := *l
	judged.judging, judged.judgment = false, b.judge(m)
	judged.show()
	b.publish(&judged)
	b.keepCurves()
	return true
}

// scoreMore scores films that have been embedded since; it waits until there are
// some.
func (b *Board) scoreMore(old *learned, ready int) bool {
	if old.model == nil || ready-old.scored < 1+old.scored/20 && !b.idle(ready, old.scored) {
		return false
	}
	more := *old
	b.score(&more)
	b.publish(&more)
	return true
}

// idle is whether the last films have been embedded and are not scored.
func (b *Board) idle(ready, scored int) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.progress.done && ready != scored
}

// score scores all films that l has no score of.
func (b *Board) score(l *learned) {
	b.mu.RLock()
	films := slices.Clone(b.films)
	b.mu.RUnlock()
	scores := make([]float32, len(films))
	l.scored = 0
	for i := range films {
		scores[i] = unscored
		e := films[i].embedding
		if e == nil {
			continue
		}
		if i < len(l.scores) && l.scores[i] != unscored {
			scores[i] = l.scores[i]
		} else if p, err := l.model.Predict(e); err == nil { // another space has no score
			scores[i] = float32(p[0])
		}
		l.scored++
	}
	l.scores = scores
	l.show()
}

// show makes the scores that are shown: what a head says of a film that it was
// trained on is no news.
func (l *learned) show() {
	l.shown = slices.Clone(l.scores)
	if l.judgment == nil || l.judgment.report == nil {
		return
	}
	for k, i := range l.judgment.from.films {
		l.shown[i] = float32(l.judgment.unseen[k])
	}
}

func (b *Board) publish(l *learned) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.learned[l.from.finding] = l
	b.revision++
	if l.judgment == nil || l.judgment.report == nil || l.judging {
		return
	}
	auc := l.judgment.report.Findings[0].AUC
	if math.IsNaN(auc.Low + auc.Value + auc.High) {
		return
	}
	point := CurvePoint{len(l.judgment.from.films), l.judgment.report.Findings[0].Positives, auc.Value, auc.Low, auc.High}
	curve := b.curves[l.from.finding] // no point stands after one of more films: labels may be taken back
	for len(curve) > 0 && curve[len(curve)-1].Films >= point.Films {
		curve = curve[:len(curve)-1]
	}
	b.curves[l.from.finding] = append(slices.Clip(curve), point)
}
