// Zeroshot scores films for findings without training, by their similarity to
// phrases: the best to the phrase for a finding, less the best to the one
// against it, as CXR Foundation's notebooks do it.
//
//	go run ./examples/zeroshot
//	go run ./examples/zeroshot -protocol haidef -project P -endpoint E film.dcm 'more/*.png'
//	go run ./examples/zeroshot -positive "rib fracture" -negative "no fracture" film.dcm
//
// Scores rank films; they are no probabilities.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/examples/internal/cli"
	"github.com/cxrkit/cxrkit/examples/internal/hosted"
	"github.com/cxrkit/cxrkit/head/search"
)

// A question is a pair of phrases.
type question struct{ finding, positive, negative string }

// published are the phrases that come with CXR Foundation.
var published = []question{
	{"AIRSPACE_OPACITY", "Airspace Opacity", "no evidence of airspace disease"},
	{"PNEUMOTHORAX", "small pneumothorax", "no pneumothorax"},
	{"EFFUSION", "large pleural effusion", "no pleural effusion"},
	{"PULMONARY_EDEMA", "moderate pulmonary edema", "no pulmonary edema"},
}

func main() { cli.Main("zeroshot", run) }

const usage = `Zeroshot scores films for findings without training, by their similarity to phrases.
Without an endpoint a stand-in answers, whose scores mean nothing, and without films
it draws phantoms.

    zeroshot
    zeroshot -protocol haidef -project P -endpoint E film.dcm 'more/*.png'
    zeroshot -positive "rib fracture" -negative "no fracture" film.dcm
`

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var endpoint hosted.Flags
	flags := cli.Flags("zeroshot", usage, stderr)
	endpoint.Register(flags)
	positive := flags.String("positive", "", "`phrase` for a finding; empty: the published phrases")
	negative := flags.String("negative", "", "`phrase` against it")
	if err := flags.Parse(args); err != nil {
		return err
	}
	questions := published
	switch {
	case (*positive == "") != (*negative == ""):
		return errors.New("-positive and -negative go together")
	case *positive != "":
		questions = []question{{"score", *positive, *negative}}
	}
	c, end, err := endpoint.Open(ctx, true, stdout)
	if err != nil {
		return err
	}
	defer end()
	var phrases []string
	for _, q := range questions {
		phrases = append(phrases, q.positive, q.negative)
		fmt.Fprintf(stdout, "%s: %q against %q\n", q.finding, q.positive, q.negative)
	}
	texts, err := c.EmbedText(ctx, phrases...)
	if err != nil {
		return err
	}
	failed, err := hosted.Each(ctx, c, flags.Args(), stderr, func(_ *cxr.Image, film *cxr.Embedding) error {
		fmt.Fprint(stdout, film.ID)
		scale, scaled := c.Scale()
		for i, q := range questions {
			score, err := search.ZeroShot(film, texts[2*i:2*i+1], texts[2*i+1:2*i+2])
			if err != nil {
				return err
			}
			fmt.Fprintf(stdout, "  %s %+.3f", q.finding, score)
			if scaled {
				p, err := scale.Probability(film, texts[2*i])
				if err != nil {
					return err
				}
				fmt.Fprintf(stdout, " (probability %.3g)", p)
			}
		}
		fmt.Fprintln(stdout)
		return nil
	})
	return errors.Join(err, hosted.Failed(failed))
}
