package main

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/head"
)

// Sources of films: one with children, trained on by the model, and two with
// adults from elsewhere, which it never learned from.
const (
	children = "kermany"
	adults   = "nih_dev"
	coarse   = "nih1000_64px" // of 64 x 64 pixels
	normals  = "rsna_normal"
)

// used are the films of each source that take part. Normal adults only serve to
// ask how well a source can be told.
var used = map[string]string{
	children: "*/*",
	adults:   "*/*",
	coarse:   "*/*",
	normals:  "*/0[01]??[02468].jpg",
}

var nih = []string{
	"Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Effusion", "Emphysema", "Fibrosis", "Hernia",
	"Infiltration", "Mass", "Nodule", "Pleural_Thickening", "Pneumonia", "Pneumothorax",
}

const (
	abnormal     = "abnormal"
	minPositives = 40 // fewer say little about a finding
)

// card writes the figures of the model card.
func card(ctx context.Context, w io.Writer, data string, contenders []contender) error {
	labels, err := readLabels(data)
	if err != nil {
		return err
	}
	for _, c := range contenders {
		sets := map[string]*head.Dataset{}
		for name, pattern := range used {
			if sets[name], err = source(ctx, data, name, pattern, c.embedder, labels); err != nil {
				return err
			}
		}
		if err := figures(ctx, &lines{w, c.name}, sets); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return nil
}

// readLabels reads the labels of all sources.
func readLabels(data string) (*head.Labels, error) {
	file, err := os.Open(filepath.Join(data, "labels.csv"))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return head.ReadLabels(file, &head.LabelOptions{Findings: append([]string{abnormal}, nih...)})
}

// source embeds those films of a source whose paths match the pattern.
func source(ctx context.Context, data, name, pattern string, e embed.Embedder, labels *head.Labels) (*head.Dataset, error) {
	archive, err := zip.OpenReader(filepath.Join(data, name+".zip"))
	if err != nil {
		return nil, err
	}
	d, err := dataset(ctx, e, dicomconv.New(nil).Files(archive, pattern), labels)
	if err := errors.Join(err, archive.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return d, nil
}

// figures writes the lines of one contender.
func figures(ctx context.Context, l *lines, sets map[string]*head.Dataset) error {
	unseen := []string{adults, coarse}
	for _, name := range append(unseen, children) {
		if err := l.crossValidated(ctx, name, probe(1), sets[name], abnormal); err != nil {
			return err
		}
		if err := l.crossValidated(ctx, name+" nearest", nearest{}, sets[name], abnormal); err != nil {
			return err
		}
	}
	for _, name := range unseen {
		if err := l.crossValidated(ctx, name+" tuned", tuned{}, sets[name], abnormal); err != nil {
			return err
		}
		if err := l.transferred(ctx, children+" to "+name, probe(1), sets[children], sets[name], abnormal); err != nil {
			return err
		}
	}
	for _, name := range unseen {
		for _, finding := range nih {
			if positives(sets[name], finding) < minPositives {
				continue
			}
			if err := l.crossValidated(ctx, name+" "+finding, probe(1), sets[name], finding); err != nil {
				return err
			}
		}
	}
	for _, other := range []string{children, adults} {
		name := "source of normal films, " + normals + " or " + other
		if err := l.crossValidated(ctx, name, probe(1), sources(sets[normals], sets[other]), "source"); err != nil {
			return err
		}
	}
	return nil
}

// sources is the dataset of the normal films of a and b, positive if of b. Films
// of odd number are left out: by some of them the model was told what to forget.
func sources(a, b *head.Dataset) *head.Dataset {
	d := &head.Dataset{Findings: []string{"source"}}
	add := func(set *head.Dataset, label head.Label) {
		for _, e := range set.Examples {
			number := strings.TrimSuffix(e.Embedding.ID, path.Ext(e.Embedding.ID))
			even := strings.ContainsAny(number[len(number)-1:], "02468")
			if e.Labels[0] == head.Negative && even { // not abnormal
				e.Labels = []head.Label{label}
				d.Examples = append(d.Examples, e)
			}
		}
	}
	add(a, head.Negative)
	add(b, head.Positive)
	return d
}

func positives(d *head.Dataset, finding string) int {
	n := 0
	for f, name := range d.Findings {
		for _, e := range d.Examples {
			if name == finding && e.Labels[f] == head.Positive {
				n++
			}
		}
	}
	return n
}

// dataset embeds the films of src that have a label. A film that fails is an
// error: a figure is about all films or none.
func dataset(ctx context.Context, e embed.Embedder, src cxr.Source, labels *head.Labels) (*head.Dataset, error) {
	embeddings, failed, err := embed.Run{}.Collect(ctx, e, src)
	if err != nil {
		return nil, err
	}
	if len(failed) > 0 {
		return nil, failed[0]
	}
	d, _, err := labels.Join(embeddings)
	return d, err
}
