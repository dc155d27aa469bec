package simd

import (
	"sync"
	"unsafe"
)

//go:generate sh -c "cd asmgen && go run ./amx -out ../amx_amd64.s -stubs ../amx_stubs_amd64.go -pkg simd"

// A matrixUnit is the part of Intel's processors (AMX) that multiplies tiles of up
// to 16 rows of 64 bytes, for one kind of elements. Of the panels that other loops
// take, 16 rows are two tiles side by side.
type matrixUnit struct {
	tall, low blocks // of 17 to 32 rows and of up to 16, by 32 columns
}

// blocks are products below each other, as the generator documents them.
type blocks func(steps int, a *uint8, lda int, b *uint8, c *uint8, ldc int, start *uint8, lds int, config *uint8, count int, next uintptr)

const (
	unitSide  = 16 // rows of a tile, and places of four bytes in each
	unitRows  = 2 * unitSide
	unitBlock = 8 * unitRows // rows of a while all panels pass, which are read once for them
	panelRow  = 128          // bytes of a row of a panel

	unitDepth   = 256  // places of a and b that are multiplied before the next rows: b's stay in the first cache
	unitRounded = 1024 // values of a row of a that are rounded to bfloat16 at once
	unitAhead   = 256  // bytes of the next panel that are fetched in a step
)

// operands are what a matrix unit works on. Rows are so many bytes apart.
type operands struct {
	a, b, c, start unsafe.Pointer
	lda, ldc, lds  int
	next           uintptr // address of the panel that comes after this one
}

// multiply sets rows x 32 values of c to start + a*b, over a depth of so many places
// of four bytes.
func (u *matrixUnit) multiply(depth, rows int, f operands) {
	for done := 0; done < depth; {
		steps, places := min(depth-done, unitDepth)/unitSide, unitSide
		if steps == 0 {
			steps, places = 1, depth-done
		}
		part := f
		part.a, part.b = unsafe.Add(f.a, 4*done), unsafe.Add(f.b, panelRow*done)
		if done > 0 {
			part.start, part.lds = f.c, f.ldc
		}
		if n := rows / unitRows; n > 0 {
			u.run(steps, places, unitRows, n, part)
			part.next += uintptr(steps * n * unitAhead)
		}
		if rest := rows % unitRows; rest > 0 {
			above := rows - rest
			part.a, part.c, part.start = unsafe.Add(part.a, above*f.lda), unsafe.Add(part.c, above*f.ldc), unsafe.Add(part.start, above*part.lds)
			u.run(steps, places, rest, 1, part)
			part.next += uintptr(steps * unitAhead)
		}
		f.next = part.next
		done += steps * places
	}
}

// run does blocks of so many rows, in steps of so many places.
func (u *matrixUnit) run(steps, places, rows, count int, f operands) {
	kernel := u.tall
	if rows <= unitSide {
		kernel = u.low
	}
	kernel(steps, (*uint8)(f.a), f.lda, (*uint8)(f.b), (*uint8)(f.c), f.ldc, (*uint8)(f.start), f.lds, &configurations()[rows][places][0], count, f.next)
}

// configurations are those of the tiles for blocks of so many rows, in steps of so
// many places.
var configurations = sync.OnceValue(func() *[unitRows + 1][unitSide + 1][64]uint8 {
	all := new([unitRows + 1][unitSide + 1][64]uint8)
	for rows := range all {
		for places := range all[rows] {
			all[rows][places] = configureTiles(rows, places)
		}
	}
	return all
})

// configureTiles is what the unit's tiles are for a block of so many rows: sums in
// tiles 0 to 3, the left factor in 4 and 5, the right one in 6 and 7, in the form
// that LDTILECFG takes (Intel's manual, volume 2).
func configureTiles(rows, places int) (config [64]uint8) {
	config[0] = 1 // the palette of eight tiles of 16 rows of 64 bytes
	set := func(tile, rows, places int) {
		config[16+2*tile], config[48+tile] = uint8(4*places), uint8(rows)
	}
	upper := min(rows, unitSide)
	set(0, upper, unitSide)
	set(1, upper, unitSide)
	set(4, upper, places)
	if lower := rows - upper; lower > 0 {
		set(2, lower, unitSide)
		set(3, lower, unitSide)
		set(5, lower, places)
	}
	set(6, places, unitSide)
	set(7, places, unitSide)
	return config
}

// pieces is how many pieces of at most so many rows there are.
func pieces(rows extent, most int) int { return (rows.n() + most - 1) / most }

// piece is one of them: an even share, or for a matrix unit, which a share of a tile
// takes as long, as many as may be.
func piece(rows extent, most, i int, unit *matrixUnit) extent {
	if unit == nil {
		return Part{i, pieces(rows, most)}.of(rows)
	}
	first := rows.first + i*most
	return extent{first, min(first+most, rows.end)}
}
