package deploy

import (
	"fmt"
	"strconv"
	"time"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/provision"
)

// usualEvent is how long an event is taken to be that does not say so.
const usualEvent = 8 * time.Hour

// CostTable is what AWS charges, by line: for a month, and for the event.
func CostTable(event *configs.Event, spec provision.Spec) [][]string {
	length := usualEvent
	if !event.Starts.IsZero() && !event.Ends.IsZero() {
		length = event.Ends.Sub(event.Starts)
	}
	rows := [][]string{{"ITEM", "QUANTITY", "USD/MONTH", fmt.Sprintf("USD/%.3gH", length.Hours()), "NOTE"}}
	month, once := 0.0, 0.0
	dollars := func(v float64) string { return fmt.Sprintf("%.2f", v) }
	for _, l := range provision.Cost(spec) {
		row := []string{l.Item, "-", "-", "-", l.Note}
		if l.Price > 0 {
			row[1] = strconv.FormatFloat(l.Quantity, 'f', -1, 64)
			row[2], row[3] = dollars(l.Month()), dollars(l.Event(length))
			month, once = month+l.Month(), once+l.Event(length)
		}
		rows = append(rows, row)
	}
	return append(rows, []string{"total", "", dollars(month), dollars(once), "list prices of us-east-1"})
}
