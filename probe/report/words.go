package report

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

const none = "–" // where nothing was measured

// span writes a duration as people read it: "1 h 4 min", "31.2 s".
func span(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d d %d h", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
	case d >= time.Hour:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
	default:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
}

func spanOf(seconds *float64) string {
	if seconds == nil {
		return none
	}
	return span(probe.Seconds(*seconds))
}

// spanIn is the time in a verdict; nothing where there is none.
func spanIn(of map[probe.Verdict]float64, v probe.Verdict) string {
	if of[v] <= 0 {
		return ""
	}
	return span(probe.Seconds(of[v]))
}

// percent writes a share. It is never rounded up: 100 % is the whole.
func percent(share *float64) string {
	if share == nil {
		return none
	}
	if *share >= 1 {
		return "100 %"
	}
	const digits = 3
	return strconv.FormatFloat(math.Floor(*share*100*1000)/1000, 'f', digits, 64) + " %"
}

func percentOf(of map[string]float64, side string) string {
	share, known := of[side]
	if !known {
		return none
	}
	return percent(&share)
}

// OnOff says in words whether something is switched on.
func OnOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}
