package cloudwatch

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
)

const (
	keepEvery  = time.Second      // from memory to the spool: what a kill can cost
	sealLag    = 2 * time.Second  // for samples that are under way when their period ends
	putTimeout = 10 * time.Second // of one request
	lastFlush  = 8 * time.Second  // for what can still be sent at the end
	retryFirst = time.Second
	retryMost  = time.Minute
	settle     = 30 * time.Second // until CloudWatch shows what it took, nearly always

	maxAge   = 14*24*time.Hour - time.Hour // CloudWatch takes no older samples
	maxBytes = 256 << 20                   // of the spool
)

// Putter is what the sink needs of CloudWatch.
type Putter interface {
	PutMetricData(context.Context, *sdk.PutMetricDataInput, ...func(*sdk.Options)) (*sdk.PutMetricDataOutput, error)
}

// Reader tells whether a request that was never answered has arrived.
type Reader interface {
	GetMetricData(context.Context, *sdk.GetMetricDataInput, ...func(*sdk.Options)) (*sdk.GetMetricDataOutput, error)
}

// Spool keeps on disk what was not sent yet: the store.
type Spool interface {
	UnsentParts(ctx context.Context, before time.Time) (at time.Time, parts []int, err error)
	Unsent(ctx context.Context, at time.Time, part int) ([]probe.Unsent, error)
	SealedUnsent(ctx context.Context, limit int) ([]probe.Unsent, error)
	ExchangeUnsent(ctx context.Context, remove []int64, add []probe.Unsent) error
	MarkUnsent(ctx context.Context, ids []int64, tried time.Time) error
	NewestSealed(ctx context.Context) (time.Time, error)
	TrimUnsent(ctx context.Context, before time.Time, maxBytes int64) (samples int, err error)
}

// Options say what is put where.
type Options struct {
	Event        string
	Namespace    string        // "" is StreamWatch
	Period       time.Duration // over which samples are summed up; 0 is a minute, less is high resolution
	PerRendition bool          // put each rendition by itself too
	Spool        Spool
	Put          Putter    // nil sends nothing
	Read         Reader    // nil cannot tell: what was not answered is sent again, and its samples may count twice
	EMF          io.Writer // gets every period in the embedded metric format; nil is off
	Log          *zap.Logger
}

// Client is CloudWatch, as Connect returns it.
type Client interface {
	Putter
	Reader
	AlarmSwitch
}

// Connect returns a client for a region with the credentials of the
// environment. It neither asks AWS for anything nor repeats a request: the sink
// does so, because it knows which ones are safe to repeat.
// Options come on top.
func Connect(ctx context.Context, region string, options ...func(*config.LoadOptions) error) (Client, error) {
	options = append([]func(*config.LoadOptions) error{config.WithRegion(region), config.WithRetryMaxAttempts(1)},
		options...)
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("loading the AWS configuration: %w", err)
	}
	return sdk.NewFromConfig(cfg), nil
}
