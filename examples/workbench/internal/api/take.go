package api

import (
	"net/http"

	"github.com/cxrkit/cxrkit/examples/workbench/internal/lines"
)

// What is taken away. Names of files have no finding's name in them, which may hold
// any character.

func (a *api) takeLabels(w http.ResponseWriter, r *http.Request) {
	file(w, "text/csv; charset=utf-8", "labels.csv", a.Table())
}

func (a *api) takeScores(w http.ResponseWriter, r *http.Request) {
	data, err := a.ScoreTable()
	if err != nil {
		failed(w, err)
		return
	}
	file(w, "text/csv; charset=utf-8", "scores.csv", data)
}

func (a *api) takeHead(w http.ResponseWriter, r *http.Request) {
	threshold, ok := share(w, r, "threshold")
	if !ok {
		return
	}
	data, err := a.Head(r.URL.Query().Get("finding"), threshold)
	if err != nil {
		failed(w, err)
		return
	}
	file(w, "application/octet-stream", "finding.cxrhead", data)
}

func (a *api) takeReport(w http.ResponseWriter, r *http.Request) {
	threshold, ok := share(w, r, "threshold")
	if !ok {
		return
	}
	page, err := a.ReportPage(r.URL.Query().Get("finding"), threshold)
	if err != nil {
		failed(w, err)
		return
	}
	file(w, "text/html; charset=utf-8", "report.html", []byte(page))
}

func (a *api) takeLines(w http.ResponseWriter, r *http.Request) {
	threshold, ok := share(w, r, "threshold")
	if !ok {
		return
	}
	finding, folder := r.URL.Query().Get("finding"), a.o.Folder
	if folder == "" {
		folder = "workbench"
	}
	p := lines.Program{Folder: folder, Finding: finding, Threshold: threshold, Repeats: a.Repeats(finding)}
	file(w, "text/plain; charset=utf-8", "main.go", []byte(p.Source()))
}
