// Package cxrkit turns chest x-rays into embeddings and embeddings into small,
// honestly evaluated classifiers. It holds documentation only; import the
// packages beneath it:
//
//   - cxr: the vocabulary: Image, Embedding, Source, errors
//   - dicomconv: DICOM, PNG, JPEG and TIFF to normalized images
//   - embed: the interface Embedder and the pipeline; embed/local runs networks
//     here, embed/vertex calls Google's hosted models
//   - head: classifiers on embeddings, and how good they really are
//
// Start with go run ./examples/quickstart. This is not a medical device.
package cxrkit
