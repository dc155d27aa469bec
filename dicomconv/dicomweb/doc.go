// Package dicomweb reads films from a DICOMweb server, such as a PACS, as a
// [cxr.Source]: it searches with QIDO-RS (PS3.18 10.6) and retrieves with WADO-RS
// (10.4). Orthanc, Google's Cloud Healthcare API and AWS HealthImaging answer it,
// each in its dialect.
//
// It asks for no attribute of the patient, and keeps none of those that servers
// send unasked. Films are named by pseudonyms of their SOP Instance UIDs, which
// only holders of the key can connect with them. Errors hold neither UIDs nor
// addresses, nor anything that a server says.
//
// A search goes down from studies to series to instances, as that is what all
// servers offer. Of the filters, only those by modality and by date are the
// server's business; it is not trusted to keep them, and what it does not tell of
// a film, the film itself does.
package dicomweb
