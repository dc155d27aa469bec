// Package embed turns films into embeddings: the [Embedder] and [TextEmbedder]
// contracts, and [Run], which drives an Embedder over a stream of films with
// bounded parallelism and progress.
//
// Implementations live apart so that a program links only what it uses:
// embed/local runs a network here, embed/vertex calls a hosted one, embed/store
// keeps what comes of them. Package
// embed/embedtest checks that an implementation keeps the contract.
package embed
