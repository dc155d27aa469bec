package haidef

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"syscall"
	"time"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/remote"
)

// An Error is a request that failed, after all its tries.
type Error struct {
	Status int // of HTTP; 0: there was no answer
	Tries  int
	words  string
}

// Error gives the status and what the container said, shortened, without each
// word that has to do with a text of the request.
func (e *Error) Error() string {
	what := "no answer"
	if e.Status != 0 {
		what = fmt.Sprintf("status %d", e.Status)
	}
	tries := "1 try"
	if e.Tries != 1 {
		tries = fmt.Sprint(e.Tries, " tries")
	}
	return fmt.Sprintf("haidef: request failed with %s after %s%s", what, tries, colon(e.words))
}

// A Refusal is an instance that the container refused, while it may have answered
// others of the same request.
type Refusal struct {
	Code  string // of MedSigLIP, as "DICOM_ERROR"; empty if the container names none
	words string
}

// Error gives the code and what the container said, with the same left out as in
// an [Error].
func (e *Refusal) Error() string {
	code := ""
	if e.Code != "" {
		code = " with code " + e.Code
	}
	return "haidef: the container refused one instance" + code + colon(e.words)
}

func colon(words string) string {
	if words == "" {
		return ""
	}
	return ": " + words
}

// corrupt is an answer that is not what the schema promises.
func corrupt(format string, args ...any) error {
	return fmt.Errorf("haidef: %w: the container's answer %s", cxr.ErrEmbedding, fmt.Sprintf(format, args...))
}

var (
	errNotJSON = corrupt("is not JSON")
	errNone    = corrupt("has no predictions")
)

// splits reports a failure of a whole request that a single instance may have
// caused. A number that is none makes the whole answer no JSON.
func splits(err error) bool {
	var e *Error
	if errors.As(err, &e) {
		return e.Status == http.StatusBadRequest || e.Status == http.StatusRequestEntityTooLarge || e.Status == http.StatusInternalServerError
	}
	var r *Refusal
	return errors.As(err, &r) || err == errNotJSON || err == errNone
}

// temporary statuses tell of the container's state.
func temporary(status int) bool {
	switch status {
	case 0, http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// request is the answer to a request of jobs, with status 200.
func (c *Client) request(ctx context.Context, jobs []*job) ([]byte, error) {
	body := bytes.NewBufferString(requestHead)
	for i, j := range jobs {
		if i > 0 {
			body.WriteByte(',')
		}
		body.Write(j.instance)
	}
	body.WriteString(requestTail)
	c.traffic.Begin()
	for try := 1; ; try++ {
		a, err := c.try(ctx, body.Bytes())
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err == nil && a.status == http.StatusOK {
			return a.body, nil
		}
		if err != nil && !lost(err) { // too large an answer
			return nil, err
		}
		failed := &Error{Status: a.status, Tries: try, words: remote.Words(said(a, err), private(jobs))}
		tries := c.traffic.Tries
		if len(jobs) > 1 && a.status == http.StatusInternalServerError {
			tries = min(tries, 2) // one of the instances may be the cause: alone each has all its tries
		}
		if !temporary(a.status) || try >= tries {
			return nil, failed
		}
		if again, err := c.traffic.Again(ctx, try, a.after); err != nil {
			return nil, err
		} else if !again {
			return nil, failed
		}
	}
}

// An answer is what came back.
type answer struct {
	status int // 0: nothing, or not all of it
	body   []byte
	after  time.Duration // how long the container asks to be left alone
}

// maxAnswer bounds an answer's bytes: those of 100 CXR Foundation embeddings are
// 50 MB.
const maxAnswer = 256 << 20

func (c *Client) try(ctx context.Context, body []byte) (a answer, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.traffic.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.o.URL+c.o.PredictRoute, bytes.NewReader(body))
	if err != nil {
		return a, errors.New("haidef: URL and PredictRoute make no address")
	}
	r.Header.Set("Content-Type", "application/json")
	response, err := c.http.Do(r)
	if err != nil {
		return a, &lostError{err}
	}
	defer response.Body.Close()
	a.body, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err == nil {
		err = ctx.Err() // a server that is told to give up may end its answer as if it were whole
	}
	if err != nil {
		return a, &lostError{err}
	}
	if len(a.body) > maxAnswer {
		return a, corrupt("has more than %d bytes", maxAnswer)
	}
	a.status = response.StatusCode
	if seconds, err := strconv.ParseUint(response.Header.Get("Retry-After"), 10, 20); err == nil {
		a.after = time.Duration(seconds) * time.Second
	}
	return a, nil
}

// A lostError is a connection without a whole answer. Its cause may hold an
// address.
type lostError struct{ cause error }

func (e *lostError) Error() string {
	var t interface{ Timeout() bool }
	switch {
	case errors.As(e.cause, &t) && t.Timeout():
		return "none in time"
	case errors.Is(e.cause, syscall.ECONNREFUSED):
		return "connection refused"
	}
	return "connection lost"
}

func lost(err error) bool {
	var e *lostError
	return errors.As(err, &e)
}

// said is what the container says of a failure.
func said(a answer, err error) string {
	if err != nil {
		return err.Error()
	}
	var m struct {
		Error json.RawMessage `json:"error"`
	}
	if json.Unmarshal(a.body, &m) != nil { // a page of a proxy
		return ""
	}
	words, _ := text(m.Error)
	return words
}

// private is what of jobs no message may repeat.
func private(jobs []*job) (private []string) {
	for _, j := range jobs {
		if j.text != nil {
			private = append(private, *j.text)
		}
	}
	return private
}

// codeForm is how containers write codes: a word that carries nothing of a request.
var codeForm = regexp.MustCompile(`^[A-Z][A-Z_]{0,63}$`)

// refusal reads an error object in the place of a prediction, or a string there.
func refusal(raw json.RawMessage, private []string) *Refusal {
	r := &Refusal{}
	m := object(raw)
	if code, _ := text(m["code"]); codeForm.MatchString(code) {
		r.Code = code
	}
	description, ok := text(m["description"])
	if !ok {
		description, _ = text(raw)
	}
	if codeForm.MatchString(description) && r.Code == "" {
		r.Code, description = description, ""
	}
	r.words = remote.Words(description, private)
	return r
}

// share deals an answer's predictions to their jobs.
func (c *Client) share(body []byte, jobs []*job) error {
	var m map[string]json.RawMessage
	if json.Unmarshal(body, &m) != nil {
		return errNotJSON
	}
	if m[keyPredictions] == nil && m[keyError] != nil { // how MedSigLIP refuses a whole request, with status 200
		return refusal(m[keyError], private(jobs))
	}
	var list []json.RawMessage
	switch json.Unmarshal(m[keyPredictions], &list); {
	case len(list) == 0:
		return errNone
	case len(list) != len(jobs):
		return corrupt("has %d predictions for %d instances", len(list), len(jobs))
	}
	for i, j := range jobs {
		j.values, j.err = c.values(list[i], j, private(jobs))
	}
	return nil
}

// values are a job's numbers in its prediction.
func (c *Client) values(prediction json.RawMessage, j *job, private []string) ([]float32, error) {
	m := object(prediction)
	if m == nil {
		return nil, corrupt("has a prediction that is no object")
	}
	if failure, ok := m[keyError]; ok && string(failure) != "null" {
		return nil, refusal(failure, private)
	}
	tokens, dim := c.o.Space.Tokens, c.o.Space.Dim
	name := keyGeneral
	switch {
	case c.o.Schema == MedSigLIP:
		name, tokens, dim = keyEmbedding, 1, tokens*dim
		if j.text != nil {
			dim = c.o.Space.Dim
		}
	case j.text != nil:
		name, tokens = keyPhrase, 1
		if c.o.Space == general {
			dim = contrastive.Dim
		}
	case c.o.Contrastive:
		name = keyContrastive
	}
	if m[name] == nil {
		return nil, corrupt("has no %s", name)
	}
	return numbers(m[name], tokens, dim)
}

// Health asks the container whether its model is loaded. It makes one try.
func (c *Client) Health(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.o.URL+c.o.HealthRoute, nil)
	if err != nil {
		return errors.New("haidef: URL and HealthRoute make no address")
	}
	response, err := c.http.Do(r)
	if err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("haidef: %w", ctx.Err())
		}
		return fmt.Errorf("haidef: health: %w", &lostError{err})
	}
	defer drop(response)
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("haidef: health: status %d", response.StatusCode)
	}
	return nil
}
