package board

import (
	"encoding/json"
	"io/fs"
)

// A CurvePoint is how well heads did when so many films were labeled.
type CurvePoint struct {
	Films     int     `json:"films"`
	Positives int     `json:"positives"`
	AUC       float64 `json:"auc"`
	Low       float64 `json:"low"`
	High      float64 `json:"high"`
}

const curvesFile = "curves.json"

// readCurves reads how the heads did before. Without it curves begin anew.
func (b *Board) readCurves() {
	file, err := fs.ReadFile(b.o.Folder, curvesFile)
	if err != nil {
		return
	}
	var curves map[string][]CurvePoint
	if json.Unmarshal(file, &curves) == nil && curves != nil {
		b.curves = curves
	}
}

// keepCurves keeps them. That a disk is full labels tell, which matter.
func (b *Board) keepCurves() {
	b.mu.RLock()
	file, err := json.Marshal(b.curves)
	b.mu.RUnlock()
	if err == nil {
		b.o.Folder.WriteFile(b.about, curvesFile, file)
	}
}
