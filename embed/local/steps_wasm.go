package local

import "github.com/cxrkit/cxrkit/internal/network"

// arrange runs a program's steps one after the other, which is what the machine of
// a Gorgonia graph does with them. In a browser Gorgonia would be half of the code
// to download.
func arrange(_ *network.Program, _ []float32, run []func() error) (all func() error, err error) {
	return func() error {
		for _, step := range run {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	}, nil
}
