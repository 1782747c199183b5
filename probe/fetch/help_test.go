package fetch_test

import (
	"context"
	"testing"
	"time"
)

func contextWithDeadline(tb testing.TB) (context.Context, context.CancelFunc) {
	return context.WithTimeout(tb.Context(), time.Minute)
}
