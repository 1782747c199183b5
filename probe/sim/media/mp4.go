package media

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// The tracks of our fragmented MP4, and their clocks.
const (
	videoTrack = 1
	audioTrack = 2

	videoScale   = 90000
	audioScale   = 48000
	audioSamples = 1024

	keySample   = 0x02000000 // depends on nothing, ISO 14496-12 §8.8.3.1
	otherSample = 0x01010000 // depends on others, is no sync sample
)

// Init returns the EXT-X-MAP resource of a rendition: its codecs and tracks, no
// samples.
func Init(video int) []byte {
	t := tracks()[video%len(tracks())]
	return slices.Concat(
		box("ftyp", []byte("iso6"), u32(0), []byte("iso6cmfcmp41")),
		box("moov",
			full("mvhd", 0, 0, u32(0, 0, 1000, 0, 0x00010000), u16(0x0100, 0), u32(0, 0), matrix(), make([]byte, 24), u32(3)),
			trak(videoTrack, t.Width, t.Height, videoScale, "vide", full("vmhd", 0, 1, make([]byte, 8)), avc1(t)),
			trak(audioTrack, 0, 0, audioScale, "soun", full("smhd", 0, 0, make([]byte, 4)), mp4a()),
			box("mvex", full("trex", 0, 0, u32(videoTrack, 1, 0, 0, 0)), full("trex", 0, 0, u32(audioTrack, 1, 0, 0, 0))),
		),
	)
}

// Fragment returns whole seconds [begin, begin+seconds) of a rendition as one
// moof and mdat. The rules of TS hold, except that timestamps are 64 bits and
// do not wrap.
func Fragment(video int, begin, seconds int64, take int) []byte {
	return Chunk(video, begin, 0, int(seconds)*framesPerGOP, take)
}

// Chunk returns the frames [from, to) of a rendition, counted from the second
// begin, as one moof and mdat: a partial segment.
func Chunk(video int, begin int64, from, to, take int) []byte {
	t := tracks()[video%len(tracks())]
	begin = max(0, begin)
	var pictures, sound bytes.Buffer
	var pictureRun, soundRun []uint32 // sizes, and flags of pictures
	for f := from; f < to; f++ {
		second, i := int((begin+int64(f/framesPerGOP)+other(take))%LoopSeconds), f%framesPerGOP
		sample := lengthPrefixed(t.frames[second*framesPerGOP+i])
		flags := uint32(otherSample)
		if i == 0 {
			flags = keySample
		}
		pictureRun = append(pictureRun, uint32(len(sample)), flags)
		pictures.Write(sample)
		first, next := audioRange(second*framesPerGOP + i)
		for _, frame := range t.audio[first:next] {
			sample := frame[7:] // without the ADTS header
			soundRun = append(soundRun, uint32(len(sample)))
			sound.Write(sample)
		}
	}
	// The offsets in moof count from its begin, so its length must be known:
	// they are four bytes whatever they say.
	at := begin*framesPerGOP + int64(from)
	rounds := at / (LoopSeconds * framesPerGOP)
	first, _ := audioRange(int(at % (LoopSeconds * framesPerGOP)))
	moof := func(length int) []byte {
		return box("moof", full("mfhd", 0, 0, u32(uint32(at+1))),
			traf(videoTrack, videoTicks, uint64(at*videoTicks), 0x601, length+8, len(pictureRun)/2, pictureRun),
			traf(audioTrack, audioSamples, uint64(rounds*audioFrames+int64(first))*audioSamples, 0x201,
				length+8+pictures.Len(), len(soundRun), soundRun))
	}
	return slices.Concat(moof(len(moof(0))), box("mdat", pictures.Bytes(), sound.Bytes()))
}

// traf is one track's part of a fragment.
func traf(id, duration uint32, begin uint64, flags uint32, offset, samples int, run []uint32) []byte {
	return box("traf",
		full("tfhd", 0, 0x020008, u32(id, duration)), // offsets count from the moof
		full("tfdt", 1, 0, binary.BigEndian.AppendUint64(nil, begin)),
		full("trun", 0, flags, u32(uint32(samples), uint32(offset)), u32(run...)))
}

// trak declares a track without samples.
func trak(id uint32, width, height int, scale uint32, handler string, header, entry []byte) []byte {
	volume := uint16(0x0100)
	if width > 0 {
		volume = 0
	}
	empty := u32(0)
	return box("trak",
		full("tkhd", 0, 3, u32(0, 0, id, 0, 0, 0, 0), u16(0, 0, volume, 0), matrix(),
			u32(uint32(width)<<16, uint32(height)<<16)),
		box("mdia",
			full("mdhd", 0, 0, u32(0, 0, scale, 0), u16(0x55c4, 0)), // language und
			full("hdlr", 0, 0, u32(0), []byte(handler), make([]byte, 13)),
			box("minf", header,
				box("dinf", full("dref", 0, 0, u32(1), full("url ", 0, 1))),
				box("stbl", full("stsd", 0, 0, u32(1), entry), full("stts", 0, 0, empty), full("stsc", 0, 0, empty),
					full("stsz", 0, 0, u32(0, 0)), full("stco", 0, 0, empty)))))
}

// avc1 is the sample entry of H.264, ISO 14496-15 §5.4.2.
func avc1(t *track) []byte {
	units := nalUnits(t.frames[0])
	sps, pps := units[1], units[2] // after the delimiter
	config := slices.Concat([]byte{1, sps[1], sps[2], sps[3], 0xff, 0xe1}, u16(uint16(len(sps))), sps, []byte{1},
		u16(uint16(len(pps))), pps)
	return box("avc1", make([]byte, 6), u16(1), make([]byte, 16), u16(uint16(t.Width), uint16(t.Height)),
		u32(0x00480000, 0x00480000, 0), u16(1), make([]byte, 32), u16(24, 0xffff), box("avcC", config))
}

// mp4a is the sample entry of AAC-LC, 48 kHz, mono, ISO 14496-14 §5.6.
func mp4a() []byte {
	config := []byte{5, 2, 0x11, 0x88}
	decoder := slices.Concat([]byte{4, byte(13 + len(config)), 0x40, 0x15, 0, 0, 0}, u32(0, 0), config)
	descriptor := slices.Concat([]byte{3, byte(3 + len(decoder) + 3), 0, audioTrack, 0}, decoder, []byte{6, 1, 2})
	return box("mp4a", make([]byte, 6), u16(1), make([]byte, 8), u16(1, 16, 0, 0), u32(audioScale<<16),
		full("esds", 0, 0, descriptor))
}

// lengthPrefixed turns an access unit from Annex B into the form of MP4, without
// what stands in the init segment.
func lengthPrefixed(frame []byte) []byte {
	var out []byte
	for _, unit := range nalUnits(frame) {
		switch unit[0] & 0x1f {
		case 7, 8, 9: // SPS, PPS, delimiter
		default:
			out = append(append(out, u32(uint32(len(unit)))...), unit...)
		}
	}
	return out
}

// box is an ISO 14496-12 box.
func box(kind string, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	return slices.Concat(u32(uint32(8+len(body))), []byte(kind), body)
}

// full is a box with a version and flags.
func full(kind string, version byte, flags uint32, parts ...[]byte) []byte {
	return box(kind, append([][]byte{u32(uint32(version)<<24 | flags)}, parts...)...)
}

// matrix is the transformation that changes nothing.
func matrix() []byte { return u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000) }

func u32(values ...uint32) []byte {
	out := make([]byte, 0, 4*len(values))
	for _, v := range values {
		out = binary.BigEndian.AppendUint32(out, v)
	}
	return out
}

func u16(values ...uint16) []byte {
	out := make([]byte, 0, 2*len(values))
	for _, v := range values {
		out = binary.BigEndian.AppendUint16(out, v)
	}
	return out
}
