package probe

import "errors"

// HintError is an error with what to do about it. Usage and WithHint make one.
type HintError struct {
	err   error
	hint  string
	usage bool
}

// Error returns the text of the error, without the hint.
func (e *HintError) Error() string { return e.err.Error() }

// Unwrap returns the error itself.
func (e *HintError) Unwrap() error { return e.err }

// Hint returns what to do about it: a sentence without a stop. It may be empty.
func (e *HintError) Hint() string { return e.hint }

// WithHint adds to an error what to do about it.
func WithHint(err error, hint string) error { return &HintError{err: err, hint: hint} }

// Usage is a mistake in what the user wrote: an argument, a flag, the name of a
// file. hint may be empty.
func Usage(text, hint string) error {
	return &HintError{err: errors.New(text), hint: hint, usage: true}
}

// IsUsage reports whether an error is a mistake in what the user wrote, rather
// than a failure of ours.
func IsUsage(err error) bool {
	e, ok := errors.AsType[*HintError](err)
	return ok && e.usage
}

// HintOf returns the hint of an error that has one, whatever its type, "" for one
// without.
func HintOf(err error) string {
	if e, ok := errors.AsType[interface {
		error
		Hint() string
	}](err); ok {
		return e.Hint()
	}
	return ""
}
