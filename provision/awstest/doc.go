// Package awstest is a double of AWS CloudFormation for tests: an
// http.RoundTripper under the real SDK client that speaks the query protocol,
// keeps stacks, and lets their operations pass as scripted. It refuses what AWS
// refuses: a template that does not fit the schemas of its resources, a request
// above a limit, an operation in the wrong state.
//
// The rule that keeps it simple: nothing runs in the background. An operation
// is a list of events with times in it, and every request first lets those
// happen that are due, so that it works in the fake time of testing/synctest.
package awstest
