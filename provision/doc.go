// Package provision brings the distribution in front of an origin into being,
// or finds it, and says where viewers reach it. A Provider is one of three: an
// Existing address, a Local edge inside this process, or a Stack of AWS
// CloudFormation with a CloudFront distribution in it.
//
// The rule that keeps it simple: everything about a stack that can be known
// beforehand (Template, Policy, Cost) is a pure function of a Spec; what
// happens afterwards is read back from CloudFormation, which alone keeps the
// state. Nothing is remembered on disk, so a process that was killed half-way
// continues by looking, and ending this process never ends an operation.
package provision
