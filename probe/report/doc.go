// Package report renders what was found: the result of one check as text,
// JSON, JUnit or SARIF, and the report of a whole run as HTML or JSON.
//
// The rule that keeps it simple: values in, bytes out. Nothing here reads a
// clock, a file or a socket, so that the same findings give the same report.
package report
