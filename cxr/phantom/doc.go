// Package phantom draws synthetic frontal chest radiographs as DICOM files, for
// tests, examples and notebooks where no real film may be shipped:
//
//	films := phantom.Cohort{Patients: 80, Seed: 1}.FS() // patient0001/film1.dcm, ..., labels.csv
//	src := dicomconv.New(nil).Files(films, "*/*.dcm")
//
// A film is drawn from seeded anatomy (body outline, lungs, heart, mediastinum,
// diaphragm, spine, ribs, clavicles, vessels), with the noise, exposure,
// positioning and collimation of an X-ray room, and with findings of adjustable
// difficulty: effusion, opacity, cardiomegaly and pneumothorax. The same
// [Film] gives the same pixels. A phantom says nothing about real disease: a
// figure measured on phantoms measures the software, not medicine.
package phantom
