// Package dicomconv turns chest radiographs in DICOM, PNG, JPEG and TIFF into
// cxr.Images: gray, upright in intensity (air dark, bone bright), free of
// patient data.
//
// A [Converter] does it by a recipe: [Standard], the grayscale pipeline of the
// DICOM standard, or one that repeats another program's arithmetic exactly, for
// models that were trained on its pictures. Pixels may be stored in any native
// transfer syntax or in those of the decoders built in; Options.Decoders takes
// more.
//
// Files are not trusted. A bounded pre-scan of the bytes comes before any
// parser, every allocation is bounded by the file's size and its picture's, and
// what is wrong with a file is told by an error that wraps one of the sentinels
// of package cxr and names no patient.
package dicomconv
