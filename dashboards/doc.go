// Package dashboards derives from the metric catalog what operators look at and
// what wakes them: the alarms and the dashboard of CloudWatch, a dashboard for
// Grafana, alert rules for Prometheus, and how many metrics and requests they
// take. It also evaluates the alarms as CloudWatch does, so that tests and the
// page know what they say.
//
// The rule that keeps it simple: every function takes values and returns
// values. A metric's name is read from the catalog, an alarm is one row of the
// table in alarms.go, and all else follows from those two.
package dashboards
