package probe

import "time"

// IncidentFilter chooses incidents of the stored history. Its zero value
// chooses all.
type IncidentFilter struct {
	ID     string     // "" is every incident
	Open   Fact[bool] // only open (true) or only closed (false) ones
	Stream string     // one of the streams that it hits; "" is every stream
	Since  time.Time  // only those open at or after it; zero is since ever
	Limit  int        // at most so many, newest first; 0 is no limit
}

// SeriesQuery names one series of the stored history.
type SeriesQuery struct {
	Stream    string
	Rendition string
	Side      Side
	Edge      string // name of one of several edges; empty where there is one
	Metric    *Metric
	Since     time.Time
	Until     time.Time // zero is now
	MaxPoints int       // neighbours are merged until no more are left; 0 is no limit
}

// Point is what a series did in one interval that begins at At. Values are in
// the metric's base unit.
type Point struct {
	At    time.Time
	Min   float64
	Max   float64
	Mean  float64
	Last  float64
	Count int
}
