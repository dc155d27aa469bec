// Package cxrbeam has the library's pipeline as transforms of Apache Beam, for
// films by the million on an engine that a user has already:
//
//	space, err := o.Prepare()
//	films, unfit := cxrbeam.Match(s, "films")
//	rows, failed := cxrbeam.Embed(s, films, o)
//	cxrbeam.WriteShards(s, rows, space, o)
//	cxrbeam.WriteFailures(s, o, unfit, failed)
//
// They are made of bounded ParDo, side inputs, GroupByKey and Reshuffle, which all runners
// of Beam have: no state, timers, windows or splittable functions.
//
// Each transform may be run twice, as engines do with what fails, and whole
// pipelines too: files are named and ordered by what is in them, and what is there
// stays. Pixels never pass through a shuffle; embeddings do once, to be sorted.
package cxrbeam
