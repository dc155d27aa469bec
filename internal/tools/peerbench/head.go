//go:build unix

package main

import (
	_ "embed"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

var (
	//go:embed head_sklearn.py
	sklearnScript string

	//go:embed head_torch.py
	headTorchScript string

	//go:embed head_numpy.py
	numpyScript string
)

// Sizes of the problems: embeddings of CXR Foundation v1.
const (
	probeFilms  = 2000
	probeDim    = 1376
	probeTimes  = 5
	mlpEpochs   = 10
	largeFilms  = 100_000
	nearFilms   = 200_000
	nearTimes   = 5
	defaultSeed = 1
)

// headPart compares training a linear probe and finding the nearest films.
func headPart(b *bench, _ []string) error {
	if python, ok := b.python("numpy, sklearn", "python3-sklearn"); ok {
		for _, c := range []string{"1", "0.01"} {
			if err := compareProbe(b, python, c); err != nil {
				return err
			}
		}
		if err := compareNearest(b, python); err != nil {
			return err
		}
	}
	if python, ok := b.python("torch", "python3-torch"); ok {
		args := []string{fmt.Sprint(probeFilms), fmt.Sprint(probeDim), fmt.Sprint(mlpEpochs)}
		err := b.compare(fmt.Sprintf("epoch of the published head, %d x %d, Adam, dropout", probeFilms, probeDim),
			contender{name: "ours", command: b.child(append([]string{"mlp"}, args...)...), times: mlpEpochs},
			contender{name: "PyTorch", command: append([]string{python, "-c", headTorchScript}, args...), times: mlpEpochs})
		if err != nil {
			return err
		}
	}
	return noteLargeProbe(b)
}

// compareProbe fits on the same films and compares the coefficients.
func compareProbe(b *bench, python, c string) error {
	features, classes := b.file("features"), b.file("classes")
	if err := writeProblem(features, classes); err != nil {
		return err
	}
	ours, theirs := b.file("ours"), b.file("theirs")
	args := []string{fmt.Sprint(probeTimes), features, classes, fmt.Sprint(probeDim), c}
	err := b.compare(fmt.Sprintf("linear probe, %d x %d, C %s", probeFilms, probeDim, c),
		contender{name: "ours", command: b.child(append(append([]string{"probe"}, args...), ours)...), times: probeTimes},
		contender{name: "scikit-learn lbfgs", command: append(append([]string{python, "-c", sklearnScript}, args...), theirs), times: probeTimes})
	if err != nil {
		return err
	}
	x, err := readFloats(ours)
	if err != nil {
		return err
	}
	y, err := readFloats(theirs)
	if err != nil {
		return err
	}
	if len(x) != len(y) {
		return fmt.Errorf("%d and %d coefficients", len(x), len(y))
	}
	var largest float64
	for j := range x {
		largest = max(largest, math.Abs(x[j]-y[j]))
	}
	b.note("C %s: coefficients differ by at most %.1g, which is scikit-learn's own error: ours are within 1e-6 of the optimum "+
		"(`go test -run ScikitLearns ./internal/logistic`)", c, largest)
	return nil
}

// writeProblem makes noise with a direction in it: float32 rows, and a byte for
// the class of each.
func writeProblem(features, classes string) error {
	rng := rand.New(rand.NewPCG(defaultSeed, 1))
	truth := make([]float64, probeDim)
	for j := range truth {
		truth[j] = rng.NormFloat64()
	}
	var x, y []byte
	for range probeFilms {
		var z float64
		for j := range probeDim {
			v := float32(0.3 * rng.NormFloat64())
			z += truth[j] * float64(v)
			x = binary.LittleEndian.AppendUint32(x, math.Float32bits(v))
		}
		class := byte(0)
		if rng.Float64() < 1/(1+math.Exp(-z)) {
			class = 1
		}
		y = append(y, class)
	}
	if err := os.WriteFile(features, x, 0o600); err != nil {
		return err
	}
	return os.WriteFile(classes, y, 0o600)
}

func readFloats(path string) ([]float64, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	values := make([]float64, len(data)/8)
	for i := range values {
		values[i] = math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:]))
	}
	return values, nil
}

// compareNearest finds the ten nearest of many, beside NumPy and beside doing
// nothing but read the memory.
func compareNearest(b *bench, python string) error {
	args := []string{fmt.Sprint(nearTimes), fmt.Sprint(nearFilms), fmt.Sprint(probeDim)}
	return b.compare(fmt.Sprintf("10 nearest of %d x %d", nearFilms, probeDim),
		contender{name: "ours", command: b.child(append([]string{"nearest"}, args...)...), times: nearTimes},
		contender{name: "NumPy", command: append([]string{python, "-c", numpyScript}, args...), times: nearTimes},
		contender{name: "reading memory", command: b.child(append([]string{"readmemory"}, args...)...), times: nearTimes})
}

// noteLargeProbe says what a hundred thousand films take.
func noteLargeProbe(b *bench) error {
	command := b.child("largeprobe", fmt.Sprint(largeFilms), fmt.Sprint(probeDim))
	cmd := exec.Command(command[0], command[1:]...)
	start := time.Now()
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("large probe: %w", err)
	}
	note := fmt.Sprintf("linear probe, %d x %d, as a whole process: %.1f s, of which %s s training; CPU %.1f s", largeFilms, probeDim,
		time.Since(start).Seconds(), strings.TrimSpace(string(out)), (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds())
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		note += fmt.Sprintf("; at most %.2f GB resident", float64(usage.Maxrss)*1024/1e9) // KiB on Linux
	}
	b.note("%s", note)
	return nil
}
