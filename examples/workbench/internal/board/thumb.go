package board

import (
	"bytes"
	"container/list"
	"context"
	"image"
	"image/draw"
	"image/jpeg"
	"slices"
	"sync"

	"github.com/cxrkit/cxrkit/cxr"
)

// Sizes in pixels of a thumbnail, and in thumbnails of a sheet.
const (
	ThumbSide    = 128
	SheetColumns = 8
	SheetFilms   = 64
)

// thumbs are JPEG files of those films that were seen last, as many as a number of
// bytes holds.
type thumbs struct {
	mu    sync.Mutex
	limit int64
	held  int64
	of    map[int]*list.Element
	order *list.List // of thumb, the last seen first
}

type thumb struct {
	film int
	file []byte
}

func newThumbs(limit int64) *thumbs {
	return &thumbs{limit: limit, of: map[int]*list.Element{}, order: list.New()}
}

func (t *thumbs) get(i int) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	e, ok := t.of[i]
	if !ok {
		return nil
	}
	t.order.MoveToFront(e)
	return e.Value.(thumb).file
}

func (t *thumbs) put(i int, file []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e, ok := t.of[i]; ok {
		t.drop(e)
	}
	t.of[i] = t.order.PushFront(thumb{i, file})
	t.held += int64(len(file))
	for t.held > t.limit && t.order.Len() > 1 {
		t.drop(t.order.Back())
	}
}

func (t *thumbs) drop(e *list.Element) {
	old := t.order.Remove(e).(thumb)
	delete(t.of, old.film)
	t.held -= int64(len(old.file))
}

// Thumb is a JPEG file of film i, ThumbSide pixels at its longer side.
func (b *Board) Thumb(ctx context.Context, i int) ([]byte, error) {
	if file := b.thumbs.get(i); file != nil {
		return file, nil
	}
	m, err := b.Read(ctx, i, nil)
	if err != nil {
		if ctx.Err() == nil {
			b.failed(i, err)
		}
		return nil, err
	}
	return b.keepThumb(i, m)
}

func (b *Board) keepThumb(i int, m *cxr.Image) ([]byte, error) {
	var file bytes.Buffer
	if err := jpeg.Encode(&file, gray(m.Fit(ThumbSide, cxr.KernelArea)), &jpeg.Options{Quality: 85}); err != nil {
		return nil, err
	}
	b.thumbs.put(i, file.Bytes())
	seen := max(look(m), 1) // 0 is of films that were not looked at
	b.mu.Lock()
	if b.films[i].look == 0 {
		b.looked++
	}
	b.films[i].look = seen
	b.mu.Unlock()
	return file.Bytes(), nil
}

// gray is a film from black to white, whatever part of their range its pixels use:
// where 16-bit files hold 8-bit values all of it would be black otherwise.
func gray(m *cxr.Image) *image.Gray {
	g := image.NewGray(image.Rect(0, 0, m.Width, m.Height))
	low, high := slices.Min(m.Pix), slices.Max(m.Pix)
	span := max(uint32(high)-uint32(low), 1)
	for i, v := range m.Pix {
		g.Pix[i] = uint8(uint32(v-low) * 255 / span)
	}
	return g
}

// Sheet is a JPEG file of films side by side, each in a square of ThumbSide,
// SheetColumns in a row, and tells which of them it shows.
func (b *Board) Sheet(ctx context.Context, films []int) (file []byte, shown []bool, err error) {
	b.looking.now()
	rows := (len(films) + SheetColumns - 1) / SheetColumns
	sheet := image.NewGray(image.Rect(0, 0, SheetColumns*ThumbSide, max(rows, 1)*ThumbSide))
	shown = make([]bool, len(films))
	var work sync.WaitGroup
	next := make(chan int)
	for range cap(b.reading) {
		work.Go(func() {
			for k := range next {
				shown[k] = b.place(ctx, sheet, k, films[k])
			}
		})
	}
	for k := range films {
		next <- k
	}
	close(next)
	work.Wait()
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	var out bytes.Buffer
	err = jpeg.Encode(&out, sheet, &jpeg.Options{Quality: 80})
	return out.Bytes(), shown, err
}

// place draws film i at place k.
func (b *Board) place(ctx context.Context, sheet *image.Gray, k, i int) bool {
	file, err := b.Thumb(ctx, i)
	if err != nil {
		return false
	}
	m, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil {
		return false
	}
	at := image.Pt(k%SheetColumns*ThumbSide, k/SheetColumns*ThumbSide)
	at = at.Add(image.Pt((ThumbSide-m.Bounds().Dx())/2, (ThumbSide-m.Bounds().Dy())/2))
	draw.Draw(sheet, m.Bounds().Add(at), m, image.Point{}, draw.Src)
	return true
}

// failed notes why film i cannot be shown.
func (b *Board) failed(i int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if f := &b.films[i]; f.State == Waiting {
		f.State, f.Problem = Failed, err.Error()
		b.revision++
	}
}
