package cxr

// A View is the projection of a radiograph. The zero View is unknown, which is
// common and no error.
type View int

// Projections, after DICOM View Position (0018,5101).
const (
	ViewUnknown View = iota
	ViewPA           // postero-anterior, frontal
	ViewAP           // antero-posterior, frontal
	ViewLateral      // LL, RL, LATERAL, ...
	ViewOther        // named, but none of these
)

// Frontal reports whether v is PA or AP.
func (v View) Frontal() bool { return v == ViewPA || v == ViewAP }

// String is "unknown", "PA", "AP", "lateral" or "other".
func (v View) String() string {
	switch v {
	case ViewPA:
		return "PA"
	case ViewAP:
		return "AP"
	case ViewLateral:
		return "lateral"
	case ViewOther:
		return "other"
	}
	return "unknown"
}
