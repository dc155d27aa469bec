//go:build unix

package main

import (
	"bytes"
	_ "embed"
	"flag"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/suyashkumar/dicom/pkg/tag"
)

var (
	//go:embed dicom_upstream.py
	upstreamScript string

	//go:embed dicom_gdcm.py
	gdcmScript string
)

// decodes is how often a process decodes a film.
const decodes = 10

// dicomPart compares reading films: to PNG as a whole, the decoders alone, and
// scaling. Films of the caller's are compared to PNG and decoded, too.
func dicomPart(b *bench, args []string) error {
	f := flag.NewFlagSet("dicom", flag.ExitOnError)
	modules := f.String("node_modules", "node_modules", "folder that has @cornerstonejs/codec-openjph (npm install @cornerstonejs/codec-openjph)")
	f.Parse(args) // exits on errors
	films := f.Args()
	film, err := makeFilm()
	if err != nil {
		return err
	}
	b.note("film: a phantom of %d columns x %d rows, 12 bits in 16, MONOCHROME1, rescale and window", filmWidth, filmHeight)
	// How often a gray value's low byte repeats decides how long zlib searches.
	windows := []struct {
		work   string
		values map[tag.Tag]string
	}{
		{"film to PNG, window of 4096", map[tag.Tag]string{tag.WindowCenter: "3096", tag.WindowWidth: "8192"}},
		{"film to PNG, window of 3400", nil},
	}
	path := b.file("film.dcm")
	for _, w := range windows {
		if err := setDS(film, w.values, path); err != nil {
			return err
		}
		if err := comparePNG(b, w.work, path); err != nil {
			return err
		}
	}
	if err := noteAllocation(b, path); err != nil {
		return err
	}
	if err := compareDecoders(b, "", path); err != nil {
		return err
	}
	if err := compareOpenJPH(b, "", path, *modules); err != nil {
		return err
	}
	for _, f := range films {
		name := filepath.Base(f)
		if err := comparePNG(b, name+" to PNG", f); err != nil {
			return err
		}
		if err := compareDecoders(b, name+": ", f); err != nil {
			return err
		}
		if err := compareOpenJPH(b, name+": ", f, *modules); err != nil {
			return err
		}
	}
	return compareResize(b, film)
}

// noteAllocation says what a further film costs a program of ours.
func noteAllocation(b *bench, film string) error {
	var before, after runtime.MemStats
	for range 2 { // the first fills pools
		runtime.ReadMemStats(&before)
		if err := convert([]string{film, b.file("ours.png")}); err != nil {
			return err
		}
		runtime.ReadMemStats(&after)
	}
	const mb = 1e6
	b.note("ours allocates %.1f MB a film, of which the file is %.1f and the pixels %.1f",
		float64(after.TotalAlloc-before.TotalAlloc)/mb, 2*filmWidth*filmHeight/mb, 2*filmWidth*filmHeight/mb)
	return nil
}

// comparePNG times whole processes, from file to file.
func comparePNG(b *bench, work, film string) error {
	ours := contender{name: "ours", command: b.child("convert", film, b.file("ours.png")), times: 1, png: b.file("ours.png")}
	var peers []contender
	if python, ok := b.python("pydicom, numpy, png", "python3-pydicom python3-numpy python3-png"); ok {
		command := []string{python, "-c", upstreamScript, film, b.file("upstream.png")}
		peers = append(peers, contender{name: "pydicom, numpy, pypng", command: command, times: 1, png: b.file("upstream.png")})
	}
	if dcm2pnm, ok := b.tool("dcm2pnm", "dcmtk"); ok {
		command := []string{dcm2pnm, "--write-16-bit-png", "--use-window", "1", film, b.file("dcmtk.png")}
		peers = append(peers, contender{name: "dcm2pnm", command: command, times: 1}) // rounds otherwise
	}
	return b.compare(work, ours, peers...)
}

// compareDecoders times decoding alone, beside GDCM called from Python, of what
// peers encode film to. prefix goes before the name of the work.
func compareDecoders(b *bench, prefix, film string) error {
	python, ok := b.python("gdcm", "python3-gdcm")
	gdcmconv, ok2 := b.tool("gdcmconv", "libgdcm-tools")
	dcmcjpeg, ok3 := b.tool("dcmcjpeg", "dcmtk")
	if !ok || !ok2 || !ok3 {
		return nil
	}
	tests := []struct {
		work    string
		file    string
		command []string
	}{
		{"RLE", "rle.dcm", []string{gdcmconv, "--rle"}},
		{"JPEG Lossless", "jpll.dcm", []string{gdcmconv, "--jpeg"}},
		{"JPEG-LS", "jls.dcm", []string{gdcmconv, "--jpegls"}},
		{"JPEG 12-bit", "jpeg12.dcm", []string{dcmcjpeg, "--encode-extended"}},
		{"JPEG 2000 lossless", "j2k.dcm", []string{gdcmconv, "--j2k"}},
	}
	for _, test := range tests {
		coded := b.file(test.file)
		encode := exec.Command(test.command[0], append(test.command[1:], film, coded)...)
		if out, err := encode.CombinedOutput(); err != nil {
			b.note("%s%s: the peer cannot encode it: %v: %s", prefix, test.work, err, bytes.TrimSpace(out))
			continue
		}
		times := fmt.Sprint(decodes)
		ours := contender{name: "ours", command: b.child("decode", times, coded), times: decodes}
		peer := contender{name: "GDCM", command: []string{python, "-c", gdcmScript, times, coded}, times: decodes}
		if err := b.compare(prefix+"decode "+test.work, ours, peer); err != nil {
			return err
		}
	}
	return nil
}
