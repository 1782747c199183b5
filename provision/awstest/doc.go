// Package awstest is a double of AWS for tests: an http.RoundTripper under the
// real SDK clients that keeps stacks of CloudFormation and lets their operations
// pass as scripted, with the alarms, topics and names that live beyond a stack.
// It refuses what AWS refuses: a template that does not fit the schemas of its
// resources, a request above a limit, an operation in the wrong state, a name
// that is taken in the account, an alarm over alarms that are not there, and what
// the caller's IAM policies do not allow. An update writes an alarm whole, so it
// switches its actions off.
//
// The rule that keeps it simple: nothing runs in the background. An operation
// is a list of events with times in it, and every request first lets those
// happen that are due, so that it works in the fake time of testing/synctest.
package awstest
