// Package dicomscan finds its way through a DICOM file that nobody trusts: in
// one pass, without copying, within limits, it locates the pixel data and the
// few attributes that make a picture of it.
//
// [Scan] decides what else may look at the file. [File.Header] then rebuilds a
// small, well-formed Part 10 header of the [attributes] alone, so that a
// general DICOM parser meets neither hostile lengths nor anything that tells of
// a patient.
//
// The package reads what archives hold and not only what PS3.5 allows: missing
// preamble or meta group, implicit elements under an explicit syntax, undefined
// lengths, zero padding at the end.
package dicomscan
