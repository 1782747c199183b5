package monitor

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/incident"
)

// Recorder takes down what the desk is told, in the order in which it is. It is
// called by several goroutines, for one stream by one at a time, and does not
// block.
type Recorder interface {
	Targets(stream string, targets []probe.Target)
	Look(o *probe.Observation)
	TakeBack(stream string, from time.Time)
	Control(ok bool, asked time.Time, took time.Duration)
	Busy(b incident.Busy)
}

// noRecorder takes nothing down.
type noRecorder struct{}

func (noRecorder) Targets(string, []probe.Target)         {}
func (noRecorder) Look(*probe.Observation)                {}
func (noRecorder) TakeBack(string, time.Time)             {}
func (noRecorder) Control(bool, time.Time, time.Duration) {}
func (noRecorder) Busy(incident.Busy)                     {}
