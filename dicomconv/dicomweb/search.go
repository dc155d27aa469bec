package dicomweb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/cxrkit/cxrkit/cxr"
)

// A row is what is read of a search's result (PS3.18 F.2). Nothing else of it is
// kept.
type row struct {
	Study    attribute `json:"0020000D"`
	Series   attribute `json:"0020000E"`
	Instance attribute `json:"00080018"`

	Modality attribute `json:"00080060"`
	Present  attribute `json:"00080061"` // Modalities in Study
	View     attribute `json:"00185101"`
	BodyPart attribute `json:"00180015"`
	Films    attribute `json:"00201209"` // Number of Series Related Instances
}

type attribute struct{ Value []json.RawMessage }

// text is the first value, a string or a number.
func (a attribute) text() string {
	if len(a.Value) == 0 {
		return ""
	}
	var s string
	if json.Unmarshal(a.Value[0], &s) != nil {
		s = string(a.Value[0])
	}
	return strings.Trim(s, " \x00")
}

// anyOf reports whether one of the values is among those wanted, or none is told.
func (a attribute) anyOf(wanted []string) bool {
	for _, v := range a.Value {
		if (attribute{[]json.RawMessage{v}}).fits(wanted) {
			return true
		}
	}
	return len(a.Value) == 0
}

// number is the value of a count, or -1.
func (a attribute) number() int {
	n, err := strconv.Atoi(a.text())
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// fits reports a code that is among those wanted, or is not told.
func (a attribute) fits(wanted []string) bool {
	v := strings.ToUpper(a.text())
	return len(wanted) == 0 || v == "" || slices.Contains(wanted, v)
}

// An instance is where a film is.
type instance struct{ study, series, sop string }

// A search goes through what a query finds, for one goroutine.
type search struct {
	c     *Client
	q     Query
	plain [3]bool // of each level: the server refuses includefield

	nameless func(uid string) error // is told of what has no address, as its UID is none
}

const (
	studies = iota
	series
	instances
)

// run hands every film to found, until that returns an error. Of the filters only
// the days are the server's business: version 1.10 of Orthanc, asked for
// ModalitiesInStudy, has no second page, and says no word of it.
func (s *search) run(ctx context.Context, found func(instance) error) error {
	if s.q.Study != "" {
		return s.study(ctx, s.q.Study, found)
	}
	filter := url.Values{}
	if dates := s.q.dates(); dates != "" {
		filter.Set("StudyDate", dates)
	}
	return s.pages(ctx, studies, "/studies", filter, -1, func(r row) attribute { return r.Study }, func(r row) error {
		if !r.Present.anyOf(s.q.Modalities) {
			return nil
		}
		return s.study(ctx, r.Study.text(), found)
	})
}

func (s *search) study(ctx context.Context, study string, found func(instance) error) error {
	if s.q.Series != "" {
		return s.series(ctx, study, s.q.Series, -1, found)
	}
	return s.pages(ctx, series, "/studies/"+study+"/series", url.Values{}, -1, func(r row) attribute { return r.Series }, func(r row) error {
		if !r.Modality.fits(s.q.Modalities) || !r.BodyPart.fits(s.q.BodyParts) {
			return nil
		}
		return s.series(ctx, study, r.Series.text(), r.Films.number(), found)
	})
}

func (s *search) series(ctx context.Context, study, series string, films int, found func(instance) error) error {
	return s.pages(ctx, instances, "/studies/"+study+"/series/"+series+"/instances", url.Values{}, films, func(r row) attribute { return r.Instance }, func(r row) error {
		if !r.Modality.fits(s.q.Modalities) || !r.View.fits(s.q.Views) || !r.BodyPart.fits(s.q.BodyParts) {
			return nil
		}
		return found(instance{study, series, r.Instance.text()})
	})
}

// pages asks for results until there are no more, count if that is known, and
// hands those that are new to each.
func (s *search) pages(ctx context.Context, level int, path string, filter url.Values, count int, uid func(row) attribute, each func(row) error) error {
	seen := map[string]bool{}
	for offset := 0; ; {
		rows, err := s.page(ctx, level, path, filter, offset)
		if err != nil {
			return err
		}
		before := len(seen)
		for _, r := range rows {
			id := uid(r).text()
			if seen[id] { // a film that came while we were asking moves others to the next page
				continue
			}
			seen[id] = true
			do := each
			if !validUID(id) {
				do = func(row) error { return s.nameless(id) }
			}
			if err := do(r); err != nil {
				return err
			}
		}
		switch {
		case len(rows) == 0 || len(seen) == count:
			return nil
		case len(seen) > before:
		case len(rows) < s.c.o.Page: // it knows no offset, and has no more than it gave
			return nil
		default:
			return fmt.Errorf("%w: the server gives the same %d results again: it knows no offset, and may have more", cxr.ErrUnsupported, len(rows))
		}
		offset += len(rows)
	}
}

// maxPage bounds the bytes of a page of results.
const maxPage = 64 << 20

// fields are what is asked for beside UIDs, on each level.
var fields = [...][]string{
	studies:   {"ModalitiesInStudy"},
	series:    {"Modality", "BodyPartExamined", "NumberOfSeriesRelatedInstances"},
	instances: {"Modality", "ViewPosition", "BodyPartExamined"},
}

// page asks for one page. A server that refuses to be asked for fields is not
// asked for them again.
func (s *search) page(ctx context.Context, level int, path string, filter url.Values, offset int) (rows []row, err error) {
	filter.Set("limit", fmt.Sprint(s.c.o.Page))
	filter.Set("offset", fmt.Sprint(offset))
	for {
		filter.Del("includefield")
		if !s.plain[level] {
			filter["includefield"] = fields[level]
		}
		err = s.c.get(ctx, s.c.o.URL+path+"?"+filter.Encode(), "application/dicom+json", func(answer *http.Response) (err error) {
			rows, err = readRows(answer)
			return err
		})
		var failed *Error
		if errors.As(err, &failed) && failed.Status == http.StatusBadRequest && !s.plain[level] {
			s.plain[level] = true
			continue
		}
		return rows, err
	}
}

// readRows reads results. The parser's errors quote values, and are not told.
func readRows(answer *http.Response) (rows []row, err error) {
	if answer.StatusCode == http.StatusNoContent {
		return nil, nil
	}
	b, err := io.ReadAll(io.LimitReader(answer.Body, maxPage+1))
	switch {
	case err != nil:
		return nil, err
	case len(b) > maxPage:
		return nil, fmt.Errorf("%w: a search's results of more than %d bytes", cxr.ErrTooLarge, maxPage)
	case len(strings.TrimSpace(string(b[:min(len(b), 64)]))) == 0:
		return nil, nil
	case json.Unmarshal(b, &rows) != nil:
		return nil, fmt.Errorf("%w: a search's results that are not DICOM JSON", cxr.ErrCorrupt)
	}
	return rows, nil
}
