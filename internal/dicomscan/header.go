package dicomscan

import (
	"encoding/binary"
	"slices"
)

// Header is a Part 10 file of the attributes alone, in explicit VR little
// endian whatever f was. A value that does not fit its value representation is
// left out.
func (f *File) Header() []byte {
	meta := appendElement(nil, tagTransferSyntax, "UI", pad([]byte(explicitLittle), 0))
	b := append(make([]byte, preambleLength), magic...)
	b = appendElement(b, 0x00020000, "UL", binary.LittleEndian.AppendUint32(nil, uint32(len(meta))))
	b = append(b, meta...)
	return f.appendElements(b, f.Elements)
}

func (f *File) appendElements(b []byte, elements []Element) []byte {
	elements = slices.Clone(elements)
	slices.SortStableFunc(elements, func(x, y Element) int { return int(int64(x.Tag) - int64(y.Tag)) })
	for _, e := range elements {
		switch vr := attributes[e.Tag]; vr {
		case "SQ":
			var items []byte
			for _, item := range e.Items {
				v := f.appendElements(nil, item)
				items = binary.LittleEndian.AppendUint32(append(items, 0xfe, 0xff, 0x00, 0xe0), uint32(len(v)))
				items = append(items, v...)
			}
			b = appendElement(b, e.Tag, vr, items)
		case "US", "OW":
			if len(e.Value)%2 == 0 && len(e.Value) > 0 {
				b = appendElement(b, e.Tag, vr, f.littleEndian(e.Value))
			}
		default:
			b = appendElement(b, e.Tag, vr, pad(e.Value, ' '))
		}
	}
	return b
}

// littleEndian is v, a value of 16-bit words, without copying where f is
// little endian itself.
func (f *File) littleEndian(v []byte) []byte {
	if !f.BigEndian {
		return v
	}
	v = slices.Clone(v)
	for i := 0; i+1 < len(v); i += 2 {
		v[i], v[i+1] = v[i+1], v[i]
	}
	return v
}

func pad(v []byte, with byte) []byte {
	if len(v)%2 == 1 {
		v = append(slices.Clone(v), with)
	}
	return v
}

func appendElement(b []byte, t Tag, vr string, v []byte) []byte {
	if !longVR(vr) && len(v) > maxShortValue {
		return b
	}
	b = binary.LittleEndian.AppendUint16(b, uint16(t>>16))
	b = binary.LittleEndian.AppendUint16(b, uint16(t))
	b = append(b, vr...)
	if longVR(vr) {
		b = binary.LittleEndian.AppendUint32(append(b, 0, 0), uint32(len(v)))
	} else {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(v)))
	}
	return append(b, v...)
}
