package cloudwatch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/smithy-go"
	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
)

// highResolutionKept is how long CloudWatch keeps seconds apart.
const highResolutionKept = 3*time.Hour - 10*time.Minute

// canVerify reports whether CloudWatch's sample count can tell that a parcel
// arrived: nothing else has its metric in its period, and the period can be
// asked for.
func (s *Sink) canVerify(p *parcel) bool {
	if s.o.Read == nil || !p.piece.Alone {
		return false
	}
	if s.o.Period%time.Minute == 0 {
		return true
	}
	asked := []time.Duration{time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second, 30 * time.Second}
	return slices.Contains(asked, s.o.Period) && time.Since(p.At) < highResolutionKept
}

// resolve asks CloudWatch which of the parcels that were sent without an answer
// have arrived. Those are done; the others are sent again. PutMetricData alone
// would count twice what is sent twice.
func (s *Sink) resolve(ctx context.Context, doubtful []parcel) error {
	asking, cancel := context.WithTimeout(ctx, putTimeout)
	defer cancel()
	counts, err := s.sampleCounts(asking, doubtful)
	if err != nil {
		denied := []string{"AccessDenied", "AccessDeniedException"}
		if api, ok := errors.AsType[smithy.APIError](err); !ok || !slices.Contains(denied, api.ErrorCode()) {
			return fmt.Errorf("looking up what was not answered: %w", err)
		}
		s.log.Warn("may not read metrics: what was not answered is sent again", zap.Error(err))
	}
	var done, again []int64
	samples := 0
	for i := range doubtful {
		if p := &doubtful[i]; counts[i] >= p.piece.Series[0].samples() {
			done, samples = append(done, p.ID), samples+p.Samples
		} else {
			again = append(again, p.ID)
		}
	}
	if err := s.o.Spool.ExchangeUnsent(ctx, done, nil); err != nil {
		return err
	}
	s.count(func(st *Stats) { st.Sent, st.Recovered = st.Sent+samples, st.Recovered+samples })
	return s.o.Spool.MarkUnsent(ctx, again, time.Time{})
}

// sampleCounts returns how many samples CloudWatch has of the first series of
// each parcel.
func (s *Sink) sampleCounts(ctx context.Context, parcels []parcel) (map[int]float64, error) {
	period := min(s.o.Period, time.Minute)
	first, last := parcels[0].At, parcels[0].At
	input := &sdk.GetMetricDataInput{ScanBy: types.ScanByTimestampAscending}
	for i := range parcels {
		of := &parcels[i].piece.Series[0]
		first, last = earlier(first, parcels[i].At), probe.Later(last, parcels[i].At)
		input.MetricDataQueries = append(input.MetricDataQueries, types.MetricDataQuery{
			Id: new("q" + strconv.Itoa(i)),
			MetricStat: &types.MetricStat{
				Metric: &types.Metric{Namespace: new(s.o.Namespace), MetricName: new(of.Metric), Dimensions: s.dimensions(of)},
				Period: new(int32(period.Seconds())), Stat: new("SampleCount"),
			},
		})
	}
	input.StartTime, input.EndTime = new(first), new(last.Add(period))
	counts := map[int]float64{}
	for {
		page, err := s.o.Read.GetMetricData(ctx, input)
		if err != nil {
			return nil, err
		}
		for _, r := range page.MetricDataResults {
			i, err := strconv.Atoi((*r.Id)[1:])
			if err != nil || i < 0 || i >= len(parcels) {
				return nil, fmt.Errorf("an answer to question %q, which was not asked", *r.Id)
			}
			for j, at := range r.Timestamps {
				if at.Equal(parcels[i].At) && j < len(r.Values) {
					counts[i] = r.Values[j]
				}
			}
		}
		if page.NextToken == nil {
			return counts, nil
		}
		input.NextToken = page.NextToken
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
