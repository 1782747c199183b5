package cloudwatch

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// maxPerLine is how many metrics a line has. The embedded metric format takes
// 100, but only 256 KB.
const maxPerLine = 50

// writeEMF writes a period as lines that CloudWatch Logs makes metrics of: one
// for each set of dimensions.
func writeEMF(w io.Writer, event, namespace string, period time.Duration, at time.Time, list []series) error {
	for len(list) > 0 {
		names := pairs(event, &list[0])
		n, metrics := 0, map[string]bool{}
		for ; n < len(list) && n < maxPerLine && fmt.Sprint(pairs(event, &list[n])) == fmt.Sprint(names); n++ {
			if metrics[list[n].Metric] {
				break // a metric may stand in a line once
			}
			metrics[list[n].Metric] = true
		}
		line, err := json.Marshal(emfLine(namespace, period, at, names, list[:n]))
		if err != nil {
			return err
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
		list = list[n:]
	}
	return nil
}

func emfLine(namespace string, period time.Duration, at time.Time, names [][2]string, list []series) map[string]any {
	line, dimensions, declared := map[string]any{}, []string{}, []map[string]any{}
	for _, d := range names {
		line[d[0]], dimensions = d[1], append(dimensions, d[0])
	}
	for i := range list {
		s := &list[i]
		d := map[string]any{"Name": s.Metric}
		if m, ok := probe.FindMetric(s.Metric); ok {
			d["Unit"] = m.Unit
		}
		if period < time.Minute {
			d["StorageResolution"] = 1
		}
		declared = append(declared, d)
		line[s.Metric] = map[string]any{"Values": s.Values, "Counts": s.Counts}
	}
	line["_aws"] = map[string]any{
		"Timestamp": at.UnixMilli(),
		"CloudWatchMetrics": []map[string]any{{
			"Namespace":  namespace,
			"Dimensions": [][]string{dimensions},
			"Metrics":    declared,
		}},
	}
	return line
}
