package media

// Init returns the EXT-X-MAP resource of a rendition.
func Init(video int) []byte { return nil }

// Fragment returns whole seconds of a rendition as fragmented MP4.
func Fragment(video int, begin, seconds int64, take int) []byte { return nil }
