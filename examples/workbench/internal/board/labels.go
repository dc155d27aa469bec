package board

// A Table is labels that were there before.
type Table struct{}
