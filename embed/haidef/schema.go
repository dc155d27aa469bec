package haidef

import (
	"fmt"
)

// A Schema is the form of requests and answers.
type Schema int

// Schemas.
const (
	CXRFoundation Schema = iota // of 2024: instances {"input_bytes": ...} or {"prompt_query": ...}
	MedSigLIP                   // of 2025: instances {"image": {"input_bytes": ...}} or {"text": ...}
)

// String is "cxr-foundation" or "medsiglip".
func (s Schema) String() string {
	switch s {
	case CXRFoundation:
		return "cxr-foundation"
	case MedSigLIP:
		return "medsiglip"
	}
	return fmt.Sprintf("schema %d", int(s))
}

// MarshalText is String, so that a Schema can be a flag.
func (s Schema) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what String writes.
func (s *Schema) UnmarshalText(text []byte) error {
	for _, known := range []Schema{CXRFoundation, MedSigLIP} {
		if known.String() == string(text) {
			*s = known
			return nil
		}
	}
	return fmt.Errorf("schema %q, want %q or %q", text, CXRFoundation, MedSigLIP)
}

// Keys of instances and predictions, from CXR Foundation's predictor.py and
// MedSigLIP's instance.yaml.
const (
	keyInstances   = "instances"
	keyPredictions = "predictions"
	keyError       = "error"

	keyBytes  = "input_bytes"
	keyGCS    = "gcs_uri"
	keyWeb    = "dicomweb_uri"
	keyPrompt = "prompt_query"
	keyBearer = "bearer_token"

	keyImage      = "image"
	keyText       = "text"
	keyURL        = "image_url"
	keyCredential = "access_credential"
	keyWindow     = "radiology_dicom_window_level"
	keyPatches    = "patch_coordinates_list"
	keyPyramid    = "openslide_pyramid_level"
	keyExtensions = "extensions"

	keyGeneral     = "general_img_emb"
	keyContrastive = "contrastive_img_emb"
	keyPhrase      = "contrastive_txt_emb"
	keyEmbedding   = "embedding"
	keyType        = "input_type"
	keyTemperature = "model_temperature"
	keyBias        = "model_bias"
)

// Codes of MedSigLIP's error objects.
const (
	codeInternal    = "INTERNAL_ERROR"
	codeField       = "INVALID_REQUEST_FIELD_ERROR"
	codeCredentials = "INVALID_CREDENTIALS_ERROR"
	codeHTTP        = "HTTP_ERROR"
	codePath        = "DICOM_PATH_ERROR"
	codeStore       = "UNAPPROVED_DICOM_STORE_ERROR"
	codeDICOM       = "DICOM_ERROR"
	codeBytes       = "UNHANDLED_GENERIC_BYTES_ERROR"
)
