package main

import (
	"bytes"
	"fmt"
	"image/png"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/embed/local/mini"
	"github.com/cxrkit/cxrkit/internal/remote"
)

// Load: a thousand requests (two hundred if -short), 32 at once, of films of 1024 x
// 1024 pixels, beside the same files read and embedded without HTTP. The server is
// a process of its own, whose processor time and peak of memory are told; the
// caller's work counts in the throughput alone.
func BenchmarkLoad(b *testing.B) {
	b.Run("png", func(b *testing.B) { // of 8 bits, as Google's client sends
		load(b, func(i int) []byte {
			m, err := dicomconv.New(nil).Normalize(bytes.NewReader(film(i, 1024)))
			if err != nil {
				b.Fatal(err)
			}
			var file bytes.Buffer
			if err := (&png.Encoder{}).Encode(&file, remote.EightBits(m)); err != nil {
				b.Fatal(err)
			}
			return file.Bytes()
		})
	})
	b.Run("dicom", func(b *testing.B) { load(b, func(i int) []byte { return film(i, 1024) }) })
}

func load(b *testing.B, file func(i int) []byte) {
	const rounds, atOnce = 10, 32
	requests := 1000
	if testing.Short() {
		requests = 200
	}
	var files [][]byte
	var bodies []string
	size := 0
	for i := range 16 {
		files = append(files, file(i))
		bodies = append(bodies, instance(files[i]))
		size += len(bodies[i]) / 16
	}
	model, err := mini.Open(nil)
	if err != nil {
		b.Fatal(err)
	}
	reader := dicomconv.New(&dicomconv.Options{Recipe: cxr.Standard})
	each := func(round int, one func(i int)) time.Duration { // in turns, so that other work of the machine hits both
		var next atomic.Int64
		next.Store(int64(round * requests / rounds))
		var group sync.WaitGroup
		start := time.Now()
		for range atOnce {
			group.Go(func() {
				for i := next.Add(1) - 1; i < int64((round+1)*requests/rounds); i = next.Add(1) - 1 {
					one(int(i))
				}
			})
		}
		group.Wait()
		return time.Since(start)
	}
	direct := func(i int) {
		m, err := reader.Normalize(bytes.NewReader(files[i%len(files)]))
		if err == nil {
			_, err = model.Embed(b.Context(), m)
		}
		if err != nil {
			b.Error(err)
		}
	}
	p := launch(b, "-drain", "10ms")
	c := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: atOnce}}
	took := make([]time.Duration, requests)
	served := func(i int) {
		start := time.Now()
		if status, err := post(c, p.addr, bodies[i%len(bodies)]); err != nil || status != http.StatusOK {
			b.Errorf("status %d, error %v", status, err)
		}
		took[i] = time.Since(start)
	}
	for b.Loop() {
		var without, with, cpuWithout, cpuWith time.Duration
		for round := range rounds {
			before := ownTime(b)
			without += each(round, direct)
			cpuWithout += ownTime(b) - before
			before = timeOf(b, p.Process.Pid)
			with += each(round, served)
			cpuWith += timeOf(b, p.Process.Pid) - before
		}
		slices.Sort(took)
		b.ReportMetric(float64(requests)/with.Seconds(), "requests/s")
		b.ReportMetric(without.Seconds()/with.Seconds(), "throughput-ratio")
		b.ReportMetric(cpuWithout.Seconds()/cpuWith.Seconds(), "cpu-ratio")
		b.ReportMetric(float64(cpuWith.Milliseconds())/float64(requests), "cpu-ms/request")
		b.ReportMetric(float64(took[requests*99/100].Milliseconds()), "p99-ms")
		b.ReportMetric(float64(took[requests/2].Milliseconds()), "median-ms")
	}
	b.ReportMetric(float64(size)/1000, "kB/request")
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Process.Pid))
	if _, peak, ok := strings.Cut(string(status), "VmHWM:"); err == nil && ok {
		var kB float64
		fmt.Sscan(peak, &kB)
		b.ReportMetric(kB/1024, "peak-MB")
	}
}

// ownTime is the processor time of this process.
func ownTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// timeOf is that of another.
func timeOf(b *testing.B, pid int) time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Skip("no /proc here: ", err)
	}
	_, after, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(after)
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	if err1 != nil || err2 != nil {
		b.Fatal(err1, err2)
	}
	return time.Duration(user+system) * 10 * time.Millisecond // of a hundred ticks a second
}
