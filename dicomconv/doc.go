// Package dicomconv turns chest radiographs in DICOM, PNG, JPEG and TIFF into
// cxr.Images: gray, upright in intensity (air dark, bone bright), free of
// patient data.
//
// A [Converter] does it by a recipe: [cxr.Standard], the grayscale pipeline of the
// DICOM standard, or one that repeats another program's arithmetic exactly, for
// models that were trained on its pictures.
//
// Pixels may be native (little or big endian, implicit or explicit, deflated)
// or encapsulated as RLE, JPEG baseline, extended and progressive, JPEG Lossless,
// JPEG-LS, JPEG 2000 and high-throughput JPEG 2000, in 1 to 16 bits, natively also
// 32, or floating point. Which of these a codestream is, and how many bits it has,
// it tells itself, before transfer syntax and Bits Stored. Options.Decoders takes
// decoders for more.
//
// Files are not trusted. A bounded pre-scan of the bytes comes before any
// parser, every allocation is bounded by the file's size and its picture's, and
// what is wrong with a file is told by an error that wraps one of the sentinels
// of package cxr and names no patient.
package dicomconv
