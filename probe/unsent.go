package probe

import "time"

// Unsent is a piece of what a sink has not handed over yet, kept on disk by the
// store. What its data mean is the sink's own affair.
type Unsent struct {
	ID      int64     // given by the store
	At      time.Time // of what it tells
	Part    int       // pieces of one time and part belong together; sealed ones have none
	Sealed  bool      // complete: nothing is added any more
	Tried   time.Time // when it was sent without an answer; zero is never
	Samples int
	Data    []byte
}
