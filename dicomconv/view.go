package dicomconv

import (
	"strings"
	"unicode"

	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/cxrkit/cxrkit/cxr"
)

// viewWords are the words that View Position is made of in films of the chest:
// the defined terms (PS3.3 C.8.11.5.1.1) and what writers put there instead.
var viewWords = map[string]cxr.View{
	"PA": cxr.ViewPA, "POSTEROANTERIOR": cxr.ViewPA, "POSTERIORANTERIOR": cxr.ViewPA, "POSTEROANT": cxr.ViewPA,
	"AP": cxr.ViewAP, "ANTEROPOSTERIOR": cxr.ViewAP, "ANTERIORPOSTERIOR": cxr.ViewAP,
	"LL": cxr.ViewLateral, "RL": cxr.ViewLateral, "LATERAL": cxr.ViewLateral, "LAT": cxr.ViewLateral,
	"LLAT": cxr.ViewLateral, "RLAT": cxr.ViewLateral, "LLD": cxr.ViewLateral, "RLD": cxr.ViewLateral,
}

// viewQualifiers are words beside those, which change neither: how the patient
// was placed, where, and of what the film is.
var viewQualifiers = map[string]bool{
	"SUPINE": true, "ERECT": true, "UPRIGHT": true, "STANDING": true, "SITTING": true, "SEATED": true, "SEMI": true, "SEMIERECT": true,
	"SEMIUPRIGHT": true, "RECUMBENT": true, "PORTABLE": true, "MOBILE": true, "BEDSIDE": true, "CHEST": true, "THORAX": true, "VIEW": true,
	"PROJECTION": true, "W": true, "GRID": true, "LEFT": true, "RIGHT": true, "INSPIRATION": true, "EXPIRATION": true,
}

// readView classes View Position (0018,5101), else View Code Sequence
// (0054,0220), whose codes are of PS3.16 CID 4010 in SNOMED RT and CT; one that
// is neither PA, AP nor lateral leaves the view unknown.
func readView(a attributes) (view cxr.View, empty bool) {
	if position := a.text(tag.ViewPosition); position != "" {
		return positionView(position), false
	}
	for _, code := range a.items(tag.ViewCodeSequence) {
		switch code.text(tag.CodeValue) {
		case "R-10214", "R-40888", "272479007":
			return cxr.ViewPA, false
		case "R-10206", "399348003":
			return cxr.ViewAP, false
		case "R-102CD", "399067008", "R-10232", "399198007", "R-10236", "399173006":
			return cxr.ViewLateral, false
		}
	}
	return cxr.ViewUnknown, a.value(tag.ViewPosition) != nil
}

// positionView is the one view that the words of View Position name. A word that
// is not known makes it another view (AP AXIAL is a lordotic one), and so do two
// views in one.
func positionView(s string) cxr.View {
	view := cxr.ViewUnknown
	s = strings.NewReplacer("POSTERO-ANTERIOR", "PA", "POSTERO ANTERIOR", "PA", "POSTERIOR-ANTERIOR", "PA", "POSTERIOR ANTERIOR", "PA",
		"ANTERO-POSTERIOR", "AP", "ANTERO POSTERIOR", "AP", "ANTERIOR-POSTERIOR", "AP", "ANTERIOR POSTERIOR", "AP", "P.A.", "PA", "A.P.", "AP").
		Replace(strings.ToUpper(s))
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		v, ok := viewWords[word]
		switch {
		case !ok && !viewQualifiers[word], ok && view != cxr.ViewUnknown && v != view:
			return cxr.ViewOther
		case ok:
			view = v
		}
	}
	if view == cxr.ViewUnknown {
		return cxr.ViewOther
	}
	return view
}
