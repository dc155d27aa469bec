// Package haidef speaks the HTTP of Health AI Developer Foundations' containers,
// in the schema of CXR Foundation or of MedSigLIP, on both sides:
//
//   - [Handler] serves any [embed.Embedder] as such a container does, so that
//     client code in Python or any other language stays as it is;
//   - [Client] calls a container that one runs oneself, Google's or a Handler, as
//     an Embedder.
//
// Both are net/http and no more. For models on Vertex AI there is package
// embed/vertex.
//
// Only pixels leave a Client: a request holds the PNG of a film, without its ID,
// or a text. A Handler fetches nothing from anywhere unless it is given a
// [Fetch], and its answers to errors repeat nothing of a request.
package haidef
