package dicomweb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/remote"
)

// A Client asks one server. It is safe for concurrent use.
type Client struct {
	o       Options
	http    *http.Client
	traffic *remote.Traffic
	works   atomic.Int32 // one more than the form of WADO-RS that this server was first seen to answer; 0: none yet

	mu    sync.Mutex
	token string
}

// New is a client of the server at o.URL. It connects with the first request.
func New(o *Options) (*Client, error) {
	checked, err := o.check()
	if err != nil {
		return nil, err
	}
	return &Client{o: checked, http: remote.HTTPClient(checked.HTTP, checked.Parallel+1), traffic: remote.NewTraffic(checked.Retry.policy(), 0)}, nil
}

// String tells nothing of the server.
func (c *Client) String() string { return "dicomweb client" }

// Format keeps token and key out of every verb.
func (c *Client) Format(s fmt.State, _ rune) { fmt.Fprint(s, c.String()) }

// An Error is a request that failed, after all its tries.
type Error struct {
	Status int // of HTTP; 0: there was no whole answer
	Tries  int
	cause  string
}

// Error gives the status. What the server says beside is not repeated.
func (e *Error) Error() string {
	what := e.cause
	if e.Status != 0 {
		what = fmt.Sprintf("status %d", e.Status)
	}
	if e.Tries == 1 {
		return "the server: " + what + " after 1 try"
	}
	return fmt.Sprintf("the server: %s after %d tries", what, e.Tries)
}

// lost reports an error of the server's state: another film may fare no better.
func lost(err error) bool {
	var e *Error
	return errors.As(err, &e) && temporary(e.Status)
}

// temporary statuses tell of the server's state.
func temporary(status int) bool {
	switch status {
	case 0, http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// mostRenewals of the token are asked for in one request: it may end again before
// it is used.
const mostRenewals = 3

// get makes a request and has its answer read, which is one of status 200 or 204,
// as often as it may help.
func (c *Client) get(ctx context.Context, address, accept string, read func(*http.Response) error) error {
	c.traffic.Begin()
	renewals := 0
	for try := 1; ; {
		token, err := c.bearer(ctx, "")
		if err != nil {
			return err
		}
		status, after, err := c.try(ctx, address, accept, token, read)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if status == http.StatusUnauthorized && c.o.Token != nil && renewals < mostRenewals {
			another, err := c.bearer(ctx, token)
			if err != nil {
				return err
			}
			if renewals++; another != token {
				continue
			}
		}
		if status == http.StatusOK || status == http.StatusNoContent {
			return err
		}
		failed := &Error{Status: status, Tries: try}
		if err != nil {
			failed.cause = cause(err)
		}
		if !temporary(status) || try >= c.traffic.Tries {
			return failed
		}
		if again, err := c.traffic.Again(ctx, try, after); err != nil {
			return err
		} else if !again {
			return failed
		}
		try++
	}
}

// try makes one request. Status 0 is an answer that did not come, or not whole.
func (c *Client) try(ctx context.Context, address, accept, token string, read func(*http.Response) error) (status int, after time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.traffic.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return http.StatusBadRequest, 0, nil
	}
	r.Header.Set("Accept", accept)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return 0, 0, err
	}
	defer answer.Body.Close()
	if seconds, err := strconv.ParseUint(answer.Header.Get("Retry-After"), 10, 20); err == nil {
		after = time.Duration(seconds) * time.Second
	}
	if answer.StatusCode != http.StatusOK && answer.StatusCode != http.StatusNoContent {
		io.CopyN(io.Discard, answer.Body, 4<<10) // so that the connection serves again
		return answer.StatusCode, after, nil
	}
	err = read(answer)
	if ctx.Err() != nil { // a server that is told to give up may end its answer as if it were whole
		return 0, after, ctx.Err()
	}
	if err != nil && !errors.Is(err, cxr.ErrCorrupt) && !errors.Is(err, cxr.ErrUnsupported) && !errors.Is(err, cxr.ErrTooLarge) {
		return 0, after, err // the connection broke off
	}
	return answer.StatusCode, after, err
}

// cause is what is told of a connection. The error itself holds an address.
func cause(err error) string {
	var t interface{ Timeout() bool }
	switch {
	case errors.As(err, &t) && t.Timeout():
		return "no answer in time"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "answer cut off"
	}
	return "connection lost"
}

// bearer is the token in use, or after one was refused another.
func (c *Client) bearer(ctx context.Context, refused string) (string, error) {
	if c.o.Token == nil {
		return "", nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.token == "" || c.token == refused {
		token, err := c.o.Token(ctx, refused)
		if err != nil {
			return "", errors.New("no token: Options.Token failed") // its error may hold one
		}
		c.token = token
	}
	return c.token, nil
}
