package evidence

import (
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// dated is a rendition whose program date-times are ahead of the clock.
func dated(role probe.Role, lead time.Duration) *History {
	now := time.Unix(1e9, 0)
	return &History{
		Target:   probe.Target{Side: probe.Origin, Role: role, Rendition: "r"},
		Playlist: list("%d.ts", nil), Advanced: now, Versions: []Version{{LiveEdge: DateOf(now.Add(lead))}},
	}
}

func TestOddDates(t *testing.T) {
	const video, audio, subs = probe.RoleVideo, probe.RoleAudio, probe.RoleSubtitles
	for _, tc := range []struct {
		name string
		all  []*History
		odd  []bool
	}{
		{"all right", []*History{dated(video, -2e9), dated(video, -3e9), dated(audio, -1e9)}, []bool{false, false, false}},
		{"subtitles ahead", []*History{dated(video, -2e9), dated(subs, 58e9)}, []bool{false, true}},
		{"subtitles ahead of a late picture", []*History{dated(video, -90e9), dated(subs, -30e9)}, []bool{false, true}},
		{"subtitles known early", []*History{dated(video, -20e9), dated(subs, -2e9)}, []bool{false, false}},
		{
			"one of three pictures ahead",
			[]*History{dated(video, -2e9), dated(video, 60e9), dated(video, -2e9)},
			[]bool{false, true, false},
		},
		{
			"one of three behind: it may be late",
			[]*History{dated(video, -2e9), dated(video, -60e9), dated(video, -2e9)},
			[]bool{false, false, false},
		},
		{
			"two of three late: the third is right",
			[]*History{dated(video, -60e9), dated(video, -60e9), dated(video, -2e9)},
			[]bool{false, false, false},
		},
		{
			"of two the one that is ahead of the clock",
			[]*History{dated(video, 60e9), dated(audio, -2e9)},
			[]bool{true, false},
		},
		{"one from another year", []*History{dated(video, -2e9), dated(audio, -400*24*time.Hour)}, []bool{false, true}},
		{"sound of another time zone", []*History{dated(video, -2e9), dated(audio, -2*time.Hour)}, []bool{false, true}},
		{
			"all of another time zone",
			[]*History{dated(video, -2*time.Hour), dated(audio, -2*time.Hour)},
			[]bool{false, false},
		},
		{"all an hour ahead", []*History{dated(video, time.Hour), dated(audio, time.Hour)}, []bool{false, false}},
		{"a picture is not held against subtitles", []*History{dated(video, 60e9), dated(subs, -2e9)}, []bool{false, false}},
	} {
		for i, h := range tc.all {
			h.Siblings = tc.all
			if _, than := h.OddDates(); (than != nil) != tc.odd[i] {
				t.Errorf("%s: rendition %d is odd: %v, want %v", tc.name, i, than != nil, tc.odd[i])
			}
		}
	}
}

func TestWallClock(t *testing.T) {
	for lead, want := range map[time.Duration]bool{
		-2 * time.Second: true, -time.Hour: true, 5 * time.Second: true,
		time.Hour: false, -25 * time.Hour: false, -31 * 365 * 24 * time.Hour: false,
	} {
		if got := dated(probe.RoleVideo, lead).WallClock(); got != want {
			t.Errorf("%s: %v, want %v", lead, got, want)
		}
	}
}
