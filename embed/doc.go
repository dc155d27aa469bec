// Package embed turns films into embeddings: the interfaces [Embedder] and
// [TextEmbedder], and [Run], which drives an Embedder over a stream of films with
// bounded parallelism and one outcome for each film.
//
// Implementations live apart so that a program links only what it uses:
// embed/local runs a network here, embed/vertex calls a hosted one, embed/store
// keeps the results. Package embed/embedtest tests an implementation.
package embed
