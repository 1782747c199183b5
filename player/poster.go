package player

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"sync"

	"rsc.io/qr"
)

// posterFile is the picture that stands for the stream where none is named.
// Messengers and social networks take no SVG, so it is a PNG.
const (
	posterFile                = "poster.png"
	posterWidth, posterHeight = 1280, 720
)

// poster draws it: a play button on a dark ground, the same for every event.
var poster = sync.OnceValues(func() ([]byte, error) {
	palette := color.Palette{}
	for i := range 64 {
		palette = append(palette, color.Gray{Y: uint8(16 + i*3)})
	}
	m := image.NewPaletted(image.Rect(0, 0, posterWidth, posterHeight), palette)
	for y := range posterHeight {
		for x := range posterWidth {
			ground := uint8(10 - 8*y/posterHeight)
			m.SetColorIndex(x, y, ground+uint8(coverage(x, y)*float64(63-ground)))
		}
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, m); err != nil {
		return nil, fmt.Errorf("drawing the poster: %w", err)
	}
	return b.Bytes(), nil
})

// coverage is the part of a pixel that the sign covers: a ring and a triangle.
func coverage(px, py int) float64 {
	const n = 4 // samples each way
	hit := 0
	for i := range n * n {
		x := float64(px) + (float64(i%n)+0.5)/n - posterWidth/2
		y := float64(py) + (float64(i/n)+0.5)/n - posterHeight/2
		d := x*x + y*y
		ring := d < 130*130 && d > 118*118
		triangle := x > -40 && y < (75-x)*60/115 && -y < (75-x)*60/115
		if ring || triangle {
			hit++
		}
	}
	return float64(hit) / (n * n)
}

// code is a QR code as the element draws it.
type code struct {
	Size int    `json:"size"` // modules on each side
	Bits []byte `json:"bits"` // dark ones, row by row, the first in the highest bit
}

// qrCode encodes an address.
func qrCode(text string) (code, error) {
	c, err := qr.Encode(text, qr.M)
	if err != nil {
		return code{}, fmt.Errorf("encoding an address of %d bytes as a QR code: %w", len(text), err)
	}
	bits := make([]byte, (c.Size*c.Size+7)/8)
	for i := range c.Size * c.Size {
		if c.Black(i%c.Size, i/c.Size) {
			bits[i/8] |= 0x80 >> (i % 8)
		}
	}
	return code{c.Size, bits}, nil
}
