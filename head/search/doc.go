// Package search finds films without training: an [Index] has the films that are
// most like a film or a text, [ZeroShot] scores films by what texts say, and
// [Similarity] compares one film with one text.
package search
