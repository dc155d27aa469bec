package dicomconv

import (
	"fmt"
	"slices"

	"github.com/cxrkit/cxrkit/cxr"
)

// Views is a policy on the view.
type Views int

// Policies on the view.
const (
	ViewsFrontal Views = iota // refuse views that say they are neither PA nor AP, with cxr.ErrNotFrontal
	ViewsAny                  // take every view
)

// BurnedIn is a policy on Burned In Annotation (0028,0301). Most files say nothing.
type BurnedIn int

// Policies on burned-in annotation.
const (
	BurnedInReject    BurnedIn = iota // refuse films that say YES, with cxr.ErrBurnedIn
	BurnedInRequireNo                 // refuse films that do not say NO, those that say nothing too
	BurnedInAllow                     // take every film
)

// Color is a policy on color DICOM files, most of which are not radiographs.
type Color int

// Policies on color.
const (
	ColorReject Color = iota // refuse with cxr.ErrColor
	ColorLuma                // reduce to ITU-R BT.601 luma, the Y of YBR
)

// Options choose what a [Converter] does. Nil and zero fields are the defaults.
type Options struct {
	Recipe string // default cxr.Standard

	Views      Views    // default ViewsFrontal; a film that says no view is taken
	BurnedIn   BurnedIn // default BurnedInReject
	Color      Color    // default ColorReject
	Modalities []string // values of Modality (0008,0060) to take, others are refused with cxr.ErrModality; "" is of films that say none; default all
	BodyParts  []string // values of Body Part Examined (0018,0015) to take, others are refused with cxr.ErrBodyPart; "" is of films that say none; default all
	Frame      int      // frame of a multi-frame file, from 1; default 0 refuses them with cxr.ErrMultiFrame

	Window *Window // instead of what the file says, in modality units; cxr.Standard and cxr.MedSigLIP only
	VOI    int     // which of the file's VOI LUTs and, after them, windows: default 0, the first; cxr.Standard only
	Depth  int     // of cxr.Standard's images, 8 or 16; default 16

	// ID names the films of Files: path is that of the file, info what Stat tells
	// of it, with pseudonyms of film and patient if there is a PseudonymKey. It
	// must be safe for concurrent use. A film named as another is an error, and so
	// is "".
	ID func(path string, info Info) string

	PseudonymKey []byte             // IDs become Pseudonym(key, SOP Instance UID); default: paths for Files, else ""
	Limits       Limits             // see Limits
	Decoders     map[string]Decoder // by transfer syntax UID; before and beside those built in
}

// Limits bound what an untrusted file can cost. Zero fields take the defaults.
type Limits struct {
	Bytes    int64 // of a file; default 256 MiB
	Pixels   int64 // frames x rows x columns; default 32 Mi, nearly twice the largest chest detector's
	Inflated int64 // bytes of a deflated data set; default 256 MiB
	Elements int   // data elements, nested ones included; default 100,000
	Depth    int   // nesting of sequences and items; default 32

	// Memory is the bytes, about, that the films which a Converter works on hold at
	// once, the file of each and what decoding takes: more films wait until others are
	// done. A film that needs more than there is goes on if no other such film
	// does. Films that are done are not counted. The default is 1 GiB or, if that is
	// more, 128 MiB for each processor.
	Memory int64
}

func (l Limits) withDefaults() Limits {
	if l.Bytes == 0 {
		l.Bytes = 256 << 20
	}
	if l.Pixels == 0 {
		l.Pixels = 32 << 20
	}
	if l.Inflated == 0 {
		l.Inflated = 256 << 20
	}
	if l.Elements == 0 {
		l.Elements = 100_000
	}
	if l.Depth == 0 {
		l.Depth = 32
	}
	if l.Memory == 0 {
		l.Memory = defaultMemory()
	}
	return l
}

// withDefaults is a copy of o with every zero field set.
func (o *Options) withDefaults() Options {
	if o == nil {
		o = &Options{}
	}
	d := *o
	if d.Recipe == "" {
		d.Recipe = cxr.Standard
	}
	if d.Depth == 0 {
		d.Depth = 16
	}
	d.Limits = d.Limits.withDefaults()
	return d
}

// validate reports an option that means nothing.
func (o *Options) validate() error {
	l := o.Limits
	switch {
	case !slices.Contains([]string{cxr.Standard, cxr.Upstream, cxr.HAIDEF, cxr.MedSigLIP}, o.Recipe):
		return fmt.Errorf("%w: recipe %q", cxr.ErrUnsupported, o.Recipe)
	case o.Depth != 8 && o.Depth != 16:
		return fmt.Errorf("%w: depth %d, want 8 or 16", cxr.ErrUnsupported, o.Depth)
	case o.Views < ViewsFrontal || o.Views > ViewsAny:
		return fmt.Errorf("%w: view policy %d", cxr.ErrUnsupported, o.Views)
	case o.BurnedIn < BurnedInReject || o.BurnedIn > BurnedInAllow:
		return fmt.Errorf("%w: burned-in policy %d", cxr.ErrUnsupported, o.BurnedIn)
	case o.Color < ColorReject || o.Color > ColorLuma:
		return fmt.Errorf("%w: color policy %d", cxr.ErrUnsupported, o.Color)
	case o.Frame < 0 || o.VOI < 0:
		return fmt.Errorf("%w: frame %d, VOI %d", cxr.ErrUnsupported, o.Frame, o.VOI)
	case min(l.Bytes, l.Pixels, l.Inflated, int64(l.Elements), int64(l.Depth), l.Memory) < 0:
		return fmt.Errorf("%w: negative limit", cxr.ErrUnsupported)
	}
	return o.Window.validate()
}
