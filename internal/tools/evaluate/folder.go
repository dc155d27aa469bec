package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/head"
)

// folder writes figures of the caller's own films: trained on those whose split
// is train and tested on those of test, or five-fold if the table names no split.
func folder(ctx context.Context, w io.Writer, images, table, findings string, contenders []contender) error {
	file, err := os.Open(table)
	if err != nil {
		return err
	}
	defer file.Close()
	o := &head.LabelOptions{}
	if findings != "" {
		o.Findings = strings.Split(findings, ",")
	}
	labels, err := head.ReadLabels(file, o)
	if err != nil {
		return err
	}
	for _, c := range contenders {
		d, err := dataset(ctx, c.embedder, dicomconv.New(nil).Files(os.DirFS(images)), labels)
		if err != nil {
			return err
		}
		if len(d.Examples) == 0 {
			return fmt.Errorf("no film in %s has a label in %s", images, table)
		}
		train, test := bySplit(d, "train"), bySplit(d, "test")
		l := &lines{w, c.name}
		for _, finding := range d.Findings {
			if len(train.Examples) > 0 && len(test.Examples) > 0 {
				err = l.transferred(ctx, finding+" train to test", probe(1), train, test, finding)
			} else {
				err = l.crossValidated(ctx, finding, probe(1), d, finding)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func bySplit(d *head.Dataset, split string) *head.Dataset {
	return d.Where(func(e *head.Example) bool { return e.Split == split })
}
