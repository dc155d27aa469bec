package notebook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// An ipynb is a notebook as Jupyter stores it, nbformat 4.5.
type ipynb struct {
	Cells    []*cell        `json:"cells"`
	Metadata map[string]any `json:"metadata"`
	Format   int            `json:"nbformat"`
	Minor    int            `json:"nbformat_minor"`
}

type cell struct {
	Kind    string   `json:"cell_type"`
	Count   *int     `json:"execution_count"`
	ID      string   `json:"id"`
	Outputs []output `json:"outputs"`
	Source  text     `json:"source"`
}

type output struct {
	Kind      string          `json:"output_type"`
	Count     *int            `json:"execution_count"`
	Name      string          `json:"name"` // of a stream
	Text      text            `json:"text"` // in a stream
	Data      map[string]text `json:"data"` // by MIME type
	Metadata  map[string]any  `json:"metadata"`
	ErrorName string          `json:"ename"`
	Error     string          `json:"evalue"`
	Traceback []string        `json:"traceback"`
}

// MarshalJSON writes what the format wants of the kind of cell, and no more.
func (c *cell) MarshalJSON() ([]byte, error) {
	fields := map[string]any{"cell_type": c.Kind, "id": c.ID, "metadata": map[string]any{}, "source": c.Source}
	if c.Kind == "code" {
		fields["execution_count"], fields["outputs"] = c.Count, append([]output{}, c.Outputs...)
	}
	return unescaped(fields)
}

// MarshalJSON likewise.
func (o output) MarshalJSON() ([]byte, error) {
	fields := map[string]any{"output_type": o.Kind}
	switch o.Kind {
	case "stream":
		fields["name"], fields["text"] = o.Name, o.Text
	case "error":
		fields["ename"], fields["evalue"], fields["traceback"] = o.ErrorName, o.Error, append([]string{}, o.Traceback...)
	default:
		fields["data"], fields["metadata"] = o.Data, o.Metadata
		if o.Metadata == nil {
			fields["metadata"] = map[string]any{}
		}
		if o.Kind == "execute_result" {
			fields["execution_count"] = o.Count
		}
	}
	return unescaped(fields)
}

// A text is a string that files have as a list of lines, or as a string.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	var lines []string
	if json.Unmarshal(b, &lines) == nil {
		*t = text(strings.Join(lines, ""))
		return nil
	}
	return json.Unmarshal(b, (*string)(t))
}

func (t text) MarshalJSON() ([]byte, error) {
	lines := strings.SplitAfter(string(t), "\n")
	if last := len(lines) - 1; lines[last] == "" {
		lines = lines[:last]
	}
	return unescaped(lines)
}

func unescaped(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

// parse makes a notebook without outputs of Markdown, for one of the kernels:
// blocks of Go are cells of code and what is between them is prose.
func parse(markdown, kernel string) (*ipynb, error) {
	n := &ipynb{
		Metadata: map[string]any{
			"kernelspec":    map[string]any{"display_name": "Go (" + kernel + ")", "language": "go", "name": kernel},
			"language_info": map[string]any{"name": "go", "file_extension": ".go"},
		},
		Format: 4, Minor: 5,
	}
	add := func(kind, source string) {
		if source = strings.Trim(source, "\n"); source != "" {
			n.Cells = append(n.Cells, &cell{Kind: kind, ID: fmt.Sprintf("cell-%d", len(n.Cells)+1), Source: text(source)})
		}
	}
	const open, end = "```go\n", "\n```\n"
	for rest := markdown; rest != ""; {
		prose, code, found := strings.Cut(rest, open)
		add("markdown", prose)
		if !found {
			break
		}
		if code, rest, found = strings.Cut(code, end); !found {
			return nil, fmt.Errorf("a block of Go has no end: %q", code)
		}
		add("code", code)
	}
	return n, nil
}

// encode is the notebook's file. Of an output in several forms it keeps one, as
// well as the text: a page if there is one, else a PNG.
func (n *ipynb) encode() ([]byte, error) {
	for _, c := range n.Cells {
		for i := range c.Outputs {
			c.Outputs[i].choose()
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	err := e.Encode(n)
	return b.Bytes(), err
}

// drawing is a figure within a page.
var drawing = regexp.MustCompile(`(?s)<svg.*?</svg>`)

func (o *output) choose() {
	best := ""
	for _, kind := range []string{"image/png", "text/html"} {
		if _, ok := o.Data[kind]; ok {
			delete(o.Data, best)
			best = kind
		}
	}
	if best != "image/png" {
		delete(o.Metadata, "image/png")
	}
}

// said is what a cell shows as text and tables. Of pictures it says that they are
// there. What was printed comes first: gonb does not keep the order of that and
// of what was displayed.
func (c *cell) said() string {
	var b strings.Builder
	for _, o := range c.Outputs {
		b.WriteString(string(o.Text))
	}
	for _, o := range c.Outputs {
		b.WriteString(string(o.Data["text/plain"]))
		_, png := o.Data["image/png"]
		if page, ok := o.Data["text/html"]; ok {
			b.WriteString(drawing.ReplaceAllString(string(page), "<svg/>"))
		} else if png {
			b.WriteString("<picture/>")
		}
		if o.Error != "" {
			fmt.Fprintf(&b, "error: %s", o.Error)
		}
	}
	return b.String()
}

// number is one of the numbers of a text.
var number = regexp.MustCompile(`-?[0-9]+(\.[0-9]+)?`)

// instructions are what kernels are named by, which are the processor's.
var instructions = regexp.MustCompile(`(generic|AVX2|AVX-512|NEON) kernels`)

// alike is whether two texts are the same, but for the last digit of numbers
// with a fraction, as not all processors add in the same order, and the name of
// kernels.
func alike(a, b string) bool {
	a, b = instructions.ReplaceAllString(a, "kernels"), instructions.ReplaceAllString(b, "kernels")
	if number.ReplaceAllString(a, "#") != number.ReplaceAllString(b, "#") {
		return false
	}
	in := number.FindAllString(b, -1)
	for i, x := range number.FindAllString(a, -1) {
		y := in[i]
		_, fraction, _ := strings.Cut(x, ".")
		_, other, _ := strings.Cut(y, ".")
		if x != y && (fraction == "" || len(fraction) != len(other)) {
			return false
		}
		p, _ := strconv.ParseFloat(x, 64)
		q, _ := strconv.ParseFloat(y, 64)
		if math.Abs(p-q) > 1.5*math.Pow10(-len(fraction)) {
			return false
		}
	}
	return true
}
