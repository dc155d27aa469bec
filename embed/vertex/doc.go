// Package vertex calls the hosted models of the CXR Foundation line on Google
// Cloud's Vertex AI, with one client for all four services:
//
//	V1         CXR Foundation of 2022: 1 x 1376
//	V2         ELIXR of 2023: ELIXR-C, then ELIXR-B: 32 x 768, or 32 x 128 that texts can be compared with
//	HAIDEF     CXR Foundation of 2024 in Health AI Developer Foundations: as V2, one call
//	MedSigLIP  2025: 1 x 1152
//
// Access to the endpoints is the user's own. Only pixels leave: a request holds
// the PNG of a film, without its id, or a text; nothing else of the caller.
//
// Errors name the service and the code of its answer, and no token, URL, film or
// request.
package vertex
