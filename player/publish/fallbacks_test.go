package publish

import (
	"slices"
	"testing"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/configs"
)

// Players go over to the event's other edges, in their order, and then to what
// player.fallback names. Nothing is named twice, and no edge that would refuse them.
func TestFallbacks(t *testing.T) {
	event := configs.Default()
	event.Origin.URL = "http://origin.example"
	event.Edges = []configs.Edge{
		{Name: "second", URL: "https://second.example/p/"},
		{Name: "signed", URL: "https://signed.example", Sign: &configs.Sign{}},
		{Name: "plain", URL: "http://plain.example"},
	}
	event.Player.Fallback = []string{"https://second.example/p", "https://last.example"}
	e := &Embeds{edge: "https://first.example", log: zap.NewNop()}
	for _, c := range []struct{ manifest, first string }{
		{"/live/a.m3u8", "https://first.example/live/a.m3u8"},
		{"https://first.example/live/a.m3u8", "https://first.example/live/a.m3u8"},
	} {
		s := &configs.Stream{Name: "main", Manifest: configs.URL(c.manifest)}
		want := []string{"https://second.example/p/live/a.m3u8", "https://last.example/live/a.m3u8"}
		if got, _ := e.fallbacks(&event, s, c.first, event.PlayerOptions()); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", c.manifest, got, want)
		}
	}
}
