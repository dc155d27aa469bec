package vertextest

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/png"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/cxrkit/cxrkit/internal/tfexample"
)

// Endpoint ids that tell the server what to be.
const (
	V1        = "v1"
	ElixrC    = "elixr-c"
	ElixrB    = "elixr-b"
	HAIDEF    = "haidef"
	MedSigLIP = "medsiglip"
)

// What MedSigLIP says of itself with each answer: the numbers with which SigLIP
// begins to learn (Zhai et al. 2023), log 10 and -10.
const (
	Temperature = 2.302585092994046
	Bias        = -10
)

// answer is the prediction of an endpoint for one instance. Numbers are drawn by
// a hash of the film's pixels, the text or the reference, so that equal input
// has equal answers.
func answer(endpoint string, instance []byte, f Fault) ([]byte, error) {
	if endpoint == ElixrB {
		seed, err := seedOfFeatures(instance)
		return elixr(f, seed, seed, "img_emb", "all_contrastive_img_emb", "contrastive_txt_emb"), err
	}
	var v structpb.Value
	if err := proto.Unmarshal(instance, &v); err != nil {
		return nil, err
	}
	m := v.GetStructValue().GetFields()
	switch endpoint {
	case V1, ElixrC:
		seed, err := seedOfExample(m["b64"].GetStringValue())
		if err != nil {
			return nil, err
		}
		if endpoint == V1 {
			return list(lists(f, seed, 1376)), nil
		}
		return list(lists(f, seed, 8, 8, 1376)), nil
	case HAIDEF:
		seed, err := seedOfInstance(m, "input_bytes", "gcs_uri", "dicomweb_uri", "prompt_query")
		textual := seed
		if prompt := m["prompt_query"]; prompt != nil {
			textual = seedOf([]byte(prompt.GetStringValue()))
		}
		return elixr(f, seed, textual, "general_img_emb", "contrastive_img_emb", "contrastive_txt_emb"), err
	case MedSigLIP:
		kind := "text"
		if film := m["image"]; film != nil {
			m, kind = film.GetStructValue().GetFields(), "image"
		}
		seed, err := seedOfInstance(m, "input_bytes", "gcs_uri", "dicomweb_uri", "text")
		return object("embedding", lists(f, seed, 1152), "input_type", text(kind), "model_temperature", number(Temperature), "model_bias", number(Bias)), err
	}
	return nil, fmt.Errorf("no endpoint %q here", endpoint)
}

// refusal is the error object of an endpoint. MedSigLIP's has a code, and a
// description only where there is something to say.
func refusal(endpoint string, f Fault) []byte {
	switch {
	case endpoint == MedSigLIP && f.Message == "":
		return object("error", object("code", text("DICOM_ERROR")))
	case endpoint == MedSigLIP:
		return object("error", object("code", text("DICOM_ERROR"), "description", text(f.Message)))
	case f.Message == "":
		return object("error", object("description", text("Failed to get prediction for instance.")))
	}
	return object("error", object("description", text(f.Message)))
}

func elixr(f Fault, seed, textual uint32, general, contrastive, phrase string) []byte {
	return object(general, lists(f, seed, 32, 768), contrastive, lists(f, seed, 32, 128), phrase, lists(f, textual, 128))
}

// seedOfFeatures checks and hashes what ELIXR-B takes.
func seedOfFeatures(instance []byte) (uint32, error) {
	m, err := members(instance)
	if err != nil {
		return 0, err
	}
	var all []byte
	for _, part := range []struct {
		name  string
		shape []int
	}{{"image_feature", []int{1, 8, 8, 1376}}, {"ids", []int{1, 1, 128}}, {"paddings", []int{1, 1, 128}}} {
		if err := count(m[part.name], part.shape...); err != nil {
			return 0, fmt.Errorf("%s: %w", part.name, err)
		}
		all = append(all, m[part.name]...)
	}
	return seedOf(all), nil
}

// seedOfInstance takes the one field of several that an instance has.
func seedOfInstance(m map[string]*structpb.Value, names ...string) (uint32, error) {
	for _, name := range names {
		v := m[name]
		switch {
		case v == nil:
		case name == "input_bytes":
			data, err := base64.StdEncoding.DecodeString(v.GetStringValue())
			if err != nil {
				return 0, err
			}
			return seedOfFilm(data)
		default:
			return seedOf([]byte(v.GetStringValue())), nil
		}
	}
	return 0, fmt.Errorf("instance without any of %q", names)
}

func seedOfExample(b64 string) (uint32, error) {
	data, err := base64.StdEncoding.DecodeString(b64)
	if err != nil {
		return 0, err
	}
	features, err := tfexample.Parse(data)
	if err != nil {
		return 0, err
	}
	for _, f := range features {
		if f.Name == "image/encoded" && len(f.Bytes) == 1 {
			return seedOfFilm(f.Bytes[0])
		}
	}
	return 0, errors.New("example without image/encoded")
}

func seedOfFilm(data []byte) (uint32, error) {
	m, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return 0, err
	}
	switch m := m.(type) {
	case *image.Gray16:
		return seedOf(m.Pix), nil
	case *image.Gray:
		return seedOf(m.Pix), nil
	}
	return 0, fmt.Errorf("film of type %T", m)
}

func seedOf(data []byte) uint32 {
	sum := sha256.Sum256(data)
	return binary.BigEndian.Uint32(sum[:])
}

// Value is number k of an answer, -1 to below 1.
func Value(seed uint32, k int) float32 {
	return (float32((uint32(k)+seed)*2654435761>>22) - 512) / 512
}
