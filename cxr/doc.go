// Package cxr is the vocabulary of the library: a normalized chest radiograph
// ([Image]), its embedding ([Embedding]), a stream of films ([Source]) and the
// errors that programs branch on.
//
// The package holds no algorithm but the verbs of an image (encode as PNG,
// resize). Package dicomconv makes Images, package embed turns them into
// Embeddings, package head learns from Embeddings.
//
// Nothing here carries a patient attribute, by construction: an Image has a
// caller's name, pixels, a view and the recipe they were made by.
package cxr
