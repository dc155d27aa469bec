package haidef_test

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed/haidef"
	"github.com/cxrkit/cxrkit/internal/testkit/dicomtest"
)

// A tape is a log that several write to.
type tape struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (t *tape) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.Write(p)
}

func (t *tape) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.String()
}

// Sixty strings that could name a patient, wherever a request has a place: none
// shows in the log, the metrics or an answer's error.
func TestNothingOfAPatientShows(t *testing.T) {
	var planted []string
	for i := range 20 {
		planted = append(planted, fmt.Sprintf("Doe^Jane%02d", i), fmt.Sprintf("ward%02d/MRN77%02d", i, i), fmt.Sprintf("1.2.840.99.%02d.7", i))
	}
	dicom := func(view string) string { // a file full of them
		f := dicomtest.Film(40, 30)
		for i, tag := range []uint32{0x00100010, 0x00100020, 0x00081030, 0x0008103e, 0x00080050, 0x00080090, 0x00081070, 0x00081010, 0x00204000, 0x00104000} {
			f.Set(tag, "LO", planted[i])
		}
		f.Set(0x00080018, "UI", planted[59])
		return base64Of(f.Set(dicomtest.ViewPosition, "CS", view).Bytes())
	}
	web := func(i int) string {
		return "https://" + strings.NewReplacer("^", "-", "/", "-").Replace(planted[i]) + ".example.org/studies/" + planted[2] + "/series/1/instances/2"
	}
	var cxrs, siglips []string
	for i, p := range planted {
		cxrs = append(cxrs, `{"prompt_query":"`+p+`"}`, `{"`+p+`":"`+p+`"}`, `{"input_bytes":"`+p+`"}`, `"`+p+`"`,
			`{"gcs_uri":"gs://`+p+`/a.dcm","bearer_token":"`+p+`"}`, `{"dicomweb_uri":"`+web(i)+`","bearer_token":"`+p+`"}`, `{"input_bytes":"","gcs_uri":"`+p+`"}`)
		siglips = append(siglips, `{"text":"`+p+`"}`, `{"image":{"input_bytes":"`+p+`"}}`, `{"image":{"gcs_uri":"gs://b/`+p+`.dcm"}}`, `{"image":{"image_url":"https://h/`+p+`?`+p+`"}}`)
	}
	for _, view := range []string{"PA", "LL", planted[0]} {
		cxrs = append(cxrs, `{"input_bytes":"`+dicom(view)+`"}`)
		siglips = append(siglips, `{"image":{"input_bytes":"`+dicom(view)+`"}}`)
	}
	whole := []string{"", planted[0], `{"` + planted[0] + `":1}`, `{"instances":"` + planted[1] + `"}`, `{"instances":[{"` + planted[0] + `":"` + planted[1] + `"}]}`,
		`{"instances":[{"image":{"` + planted[0] + `":"` + planted[1] + `"}}]}`, `{"instances":[{"image":{"dicomweb_uri":"` + planted[2] + `"}}]}`}
	m := newModel()
	m.fail = func(im *cxr.Image) error {
		if im.Width == 30 {
			return fmt.Errorf("%w: %s", cxr.ErrNotChest, planted[3])
		}
		panic(planted[4])
	}
	for _, schema := range schemas {
		instances := cxrs
		if schema == haidef.MedSigLIP {
			instances = siglips
		}
		h := handler(t, m, &haidef.HandlerOptions{Schema: schema, MaxInstances: 1000, Fetch: &haidef.Fetch{Hosts: []string{"h"}}})
		var logged tape
		s := httptest.NewUnstartedServer(h)
		s.Config.ErrorLog = log.New(&logged, "", 0)
		s.Start()
		var told strings.Builder
		send := func(body string) {
			r, err := http.NewRequest("POST", s.URL+"/predict?"+planted[5][:4]+"="+planted[8], strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("X-Patient", planted[6])
			r.Header.Set("Authorization", "Bearer "+planted[7])
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			if _, err := io.Copy(&told, answer.Body); err != nil {
				t.Error(err)
			}
		}
		for _, body := range whole {
			send(body)
		}
		for _, instance := range instances {
			send(`{"instances":[` + instance + `]}`)
		}
		send(`{"instances":[` + strings.Join(instances, ",") + `]}`)
		send(`{"instances":[{"input_bytes":"` + base64Of(film(1).PNG()) + `"}]}`) // which the model panics at
		answer, err := http.Get(s.URL + "/" + planted[2])
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(&told, answer.Body)
		answer.Body.Close()
		_, metrics := get(t, h.Metrics(), "GET", "/")
		s.Close()
		if !strings.Contains(told.String(), "error") || !strings.Contains(metrics, "instances_total{") {
			t.Fatal("nothing was told")
		}
		for _, p := range planted {
			for name, text := range map[string]string{"an answer": told.String(), "the metrics": metrics, "the log": logged.String()} {
				if strings.Contains(strings.ToLower(text), strings.ToLower(p)) {
					t.Errorf("%v: %s has %q", schema, name, p)
				}
			}
		}
	}
}

// Nothing but pixels leaves: requests of a Client hold no ID.
func TestNothingButPixelsLeaves(t *testing.T) {
	var planted []string
	for i := range 20 {
		planted = append(planted, fmt.Sprintf("Doe^Jane%02d", i), fmt.Sprintf("/data/ward%02d/film.dcm", i), fmt.Sprintf("1.2.840.99.%02d.7", i))
	}
	for _, schema := range schemas {
		s := newStandIn(t, schema, func(call int) fault { return fault{refuse: call%2 == 1} })
		c := client(t, s.URL, func(o *haidef.Options) { o.Schema = schema })
		list := films(c.Space().Recipe, 4)
		for i, im := range list {
			im.ID = strings.Join(planted[15*i:][:15], " ")
		}
		_, err := c.Embed(t.Context(), list...)
		told := fmt.Sprintf("%v %+v %#v", err, c, err)
		for _, p := range planted {
			for _, r := range s.requests {
				if bytes.Contains(r, []byte(p)) {
					t.Fatalf("%v: a request holds %q", schema, p)
				}
			}
			if strings.Contains(told, p) {
				t.Fatalf("%v: an error holds %q", schema, p)
			}
		}
	}
}
