package dicomweb

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/internal/remote"
)

// Options say which server is asked and how. URL and Key are needed.
type Options struct {
	URL string // of the service: "https://pacs.example.org/dicom-web"
	Key []byte // films are named dicomconv.Pseudonym(Key, SOP Instance UID)

	// Convert is how films become Images. PseudonymKey and ID must be empty.
	// Modalities and BodyParts default to those of the Query.
	Convert dicomconv.Options

	// Token gives what follows "Bearer " in requests; nil: nothing does. It is asked
	// again, with the token that was refused, after a status 401.
	Token func(ctx context.Context, refused string) (string, error)

	HTTP  *http.Client // with certificates, a signature or a proxy of the caller's; its redirects are not followed. Default: one without proxy
	Plain bool         // http to another machine than this: films and names cross the network unencrypted

	Page     int    // results of a search at a time; default 100
	Parallel int    // films retrieved at once; default 4
	Retry    *Retry // nil: the defaults
}

// Retry says how often and when a request is made again: only after statuses that
// tell of the server's state (408, 429, 500, 502, 503, 504), a lost connection, an
// answer that is cut off or comes too late, and, once 20 requests are done, no
// more often than once in ten requests beside the first tries.
type Retry struct {
	Tries   int           // in all; 0: 5
	First   time.Duration // longest wait before the second try; it doubles with each; 0: 1 s. Waits are random up to it
	Longest time.Duration // 0: 60 s. A server that asks to be left alone for longer is called again after it
	Timeout time.Duration // of each try; 0: 60 s
}

func (r *Retry) policy() remote.Retry {
	if r == nil {
		return remote.Retry{}
	}
	return remote.Retry(*r)
}

// A Query says which films are wanted. Nil and zero fields are the defaults.
type Query struct {
	Study, Series string // UIDs, Series with its Study; default all

	Modalities []string  // of series; default CR and DX
	Views      []string  // values of View Position; films that say none are taken; default all, of which Options.Convert.Views takes the frontal ones
	BodyParts  []string  // values of Body Part Examined, likewise
	From, To   time.Time // days of the study, both inclusive; zero: open

	// Skip reports films that are not to be retrieved, by their pseudonyms: those
	// that an earlier run has done.
	Skip func(id string) bool
}

var (
	uidForm  = regexp.MustCompile(`^[0-9]+(\.[0-9]+)*$`)
	codeForm = regexp.MustCompile(`^[A-Z0-9_ ]{1,16}$`) // value representation CS, PS3.5 6.2
)

func validUID(s string) bool { return len(s) <= 64 && uidForm.MatchString(s) }

// check fills in what is left out and refuses what cannot work.
func (o *Options) check() (Options, error) {
	if o == nil {
		return Options{}, errors.New("dicomweb: no options")
	}
	d := *o
	u, err := url.Parse(d.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return d, errors.New("dicomweb: URL is not of the form https://host/path")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return d, errors.New("dicomweb: URL has a user, query or fragment: sign in by Token or HTTP")
	case u.Scheme == "http" && !d.Plain && !remote.Loopback(u.Hostname()):
		return d, errors.New("dicomweb: URL is http to another machine, and films would cross the network unencrypted: use https, or say Plain")
	case len(d.Key) < 16:
		return d, fmt.Errorf("dicomweb: Key has %d bytes, want 16 or more that nobody can guess", len(d.Key))
	case d.Convert.PseudonymKey != nil || d.Convert.ID != nil:
		return d, errors.New("dicomweb: Convert.PseudonymKey or ID is set: Key names the films")
	case d.Page < 0 || d.Parallel < 0:
		return d, fmt.Errorf("dicomweb: Page %d, Parallel %d, want 0 or more", d.Page, d.Parallel)
	case !d.Retry.policy().Valid():
		return d, fmt.Errorf("dicomweb: Retry of %d tries, waits of %v to %v, timeout %v, want 0 or more", d.Retry.Tries, d.Retry.First, d.Retry.Longest, d.Retry.Timeout)
	}
	d.URL = strings.TrimSuffix(d.URL, "/")
	d.Convert.PseudonymKey = d.Key
	if d.Page == 0 {
		d.Page = 100
	}
	if d.Parallel == 0 {
		d.Parallel = 4
	}
	if d.Convert.Limits.Bytes == 0 {
		d.Convert.Limits.Bytes = 256 << 20
	}
	return d, nil
}

// check likewise.
func (q *Query) check() (Query, error) {
	var d Query
	if q != nil {
		d = *q
	}
	if len(d.Modalities) == 0 {
		d.Modalities = []string{"CR", "DX"}
	}
	switch {
	case d.Study != "" && !validUID(d.Study) || d.Series != "" && !validUID(d.Series):
		return d, errors.New("dicomweb: Study or Series is no UID")
	case d.Series != "" && d.Study == "":
		return d, errors.New("dicomweb: Series is given without its Study")
	case !d.From.IsZero() && !d.To.IsZero() && d.To.Before(d.From):
		return d, errors.New("dicomweb: To lies before From")
	}
	for name, list := range map[string][]string{"Modalities": d.Modalities, "Views": d.Views, "BodyParts": d.BodyParts} {
		for _, v := range list {
			if !codeForm.MatchString(v) {
				return d, fmt.Errorf("dicomweb: %s has a value that is no code: want up to 16 of A-Z, 0-9, _ and space", name)
			}
		}
	}
	return d, nil
}

// dates is the range of StudyDate (PS3.4 C.2.2.2.5), "" for any.
func (q *Query) dates() string {
	if q.From.IsZero() && q.To.IsZero() {
		return ""
	}
	day := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.Format("20060102")
	}
	return day(q.From) + "-" + day(q.To)
}
