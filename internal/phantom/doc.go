// Package phantom draws synthetic frontal chest radiographs and writes them as
// DICOM files. It feeds tests, examples and notebooks where no real film may
// be shipped.
//
// A film is drawn from seeded anatomy (body outline, lungs, heart, mediastinum,
// diaphragm, spine, ribs, clavicles, vessels), with the noise, exposure,
// positioning and collimation of an X-ray room, and with findings of adjustable
// difficulty: effusion, opacity, cardiomegaly and pneumothorax. The same
// [Film] gives the same pixels. A phantom says nothing about real disease: a
// figure measured on phantoms measures the software, not medicine.
package phantom
