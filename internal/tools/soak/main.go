// Soak does for hours what a server does: films embedded under deadlines that
// most of them miss, models opened and dropped, heads trained and given up,
// stores opened, filled, closed under use and read, damaged files, callers that
// panic. Between shifts everything rests, and what is still held is measured:
//
//	go run ./internal/tools/soak -for 1h
//
// A line is the time in seconds, rounds done so far, bytes of live heap, bytes
// resident, open descriptors and goroutines. It fails if the median of the last
// third of the shifts lies more than -growth above that of the first third after
// the warm-up, or if anything did what it should not.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "soak:", err)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, w io.Writer) error {
	flags := flag.NewFlagSet("soak", flag.ContinueOnError)
	total := flags.Duration("for", time.Hour, "how long")
	shift := flags.Duration("shift", 30*time.Second, "time between two measurements")
	warm := flags.Duration("warm", 3*time.Minute, "time that counts as warm-up, in which pools fill")
	workers := flags.Int("workers", 2, "rounds at once")
	seed := flags.Uint64("seed", 1, "of the order of things")
	growth := flags.Float64("growth", 0.02, "by which the last third may exceed the first")
	memory := flags.Int64("memory", 0, "soft limit of the runtime's memory in MiB; 0: none")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if *shift <= 0 || *workers < 1 || *total < *warm+6**shift {
		return errors.New("-for must be at least the warm-up and six shifts, with a worker or more")
	}
	if *memory > 0 {
		debug.SetMemoryLimit(*memory << 20)
	}

	dir, err := os.MkdirTemp("", "soak")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	load, err := newLoad(dir)
	if err != nil {
		return err
	}

	var rows []held
	rounds := counts{}
	start := time.Now()
	fmt.Fprintln(w, "seconds rounds heap resident descriptors goroutines")
	for n := uint64(0); time.Since(start) < *total; n++ {
		if err := load.shift(ctx, *shift, *workers, *seed<<32+n, rounds); err != nil {
			return err
		}
		row, err := measure()
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%.0f %d %d %d %d %d\n", time.Since(start).Seconds(), rounds.sum(), row.heap, row.resident, row.descriptors, row.goroutines)
		if time.Since(start) > *warm {
			rows = append(rows, row)
		}
	}
	rounds.print(w)
	return flat(w, rows, *growth)
}

// shift runs rounds drawn by lot, several at once, until the time is up and
// the last of them has ended, and counts them.
func (l *load) shift(ctx context.Context, length time.Duration, workers int, seed uint64, rounds counts) error {
	open, end := context.WithTimeout(ctx, length)
	defer end()
	var mu sync.Mutex
	var failed error
	var wg sync.WaitGroup
	for k := range workers {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(seed, uint64(k)))
			for open.Err() == nil {
				r := all[rng.IntN(len(all))]
				err := r.do(l, ctx, rng)
				mu.Lock()
				rounds[r.name]++
				if err != nil && ctx.Err() == nil {
					failed = errors.Join(failed, fmt.Errorf("%s: %w", r.name, err))
					end()
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	return failed
}
