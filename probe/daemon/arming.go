package daemon

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/dashboards"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/sink/cloudwatch"
)

const (
	switchOff  = 8 * time.Second // for all tries at the end, a second apart
	goneAfter  = 3 * time.Minute // without a word, and a monitor counts as dead
	leastCheck = 5 * time.Second
)

// arming keeps the alarms that wake people switched on for as long as the event
// is watched: they are read and switched on again in every period. They are switched
// off when the event is over, by the last monitor of it, and never because a process
// ends: a reboot is no end of an event, and it is what the heartbeat alarm is for.
type arming struct {
	client  cloudwatch.AlarmSwitch
	monitor string      // this one's name among those of the event
	live    func() bool // whether the event is on: neither waiting nor ended
	every   time.Duration
	log     *zap.Logger

	mu     sync.Mutex // guards all below
	alarms *dashboards.Arming
	fault  error // of the newest round
	once   bool  // a round succeeded
}

// newArming returns one for the stack that holds the event's alarms.
func newArming(e *configs.Event, stack string, client cloudwatch.AlarmSwitch, log *zap.Logger) *arming {
	return &arming{
		client: client, alarms: dashboards.NewArming(stack, eventfile.DashboardOptions(e)),
		monitor: monitorName(e.Output), log: log,
		live:  func() bool { return true },
		every: min(max(e.Metrics.CloudWatch.Period, leastCheck), time.Minute),
	}
}

// monitorName is the same each time a monitor starts again with its output
// folder, and tells two of them apart.
func monitorName(output string) string {
	host, _ := os.Hostname() // without one the folder has to do
	folder, err := filepath.Abs(output)
	if err != nil {
		folder = output
	}
	sum := sha256.Sum256([]byte(host + "\n" + folder))
	return hex.EncodeToString(sum[:4])
}

// run reconciles until ctx is done.
func (a *arming) run(ctx context.Context) {
	for {
		a.reconcile(ctx)
		select {
		case <-time.After(a.every):
		case <-ctx.Done():
			return
		}
	}
}

// reconcile reads the alarms, switches those on that must be on and those off that
// must be off.
func (a *arming) reconcile(ctx context.Context) {
	list, err := cloudwatch.Alarms(ctx, a.client, a.names())
	if err == nil {
		err = a.switchAs(ctx, list)
	}
	if ctx.Err() != nil {
		return
	}
	a.tell(err)
	if err != nil || len(list) == 0 {
		return
	}
	if err := cloudwatch.SignIn(ctx, a.client, list[0].ARN, a.monitor, time.Now()); err != nil && ctx.Err() == nil {
		a.log.Debug("other monitors do not see this one", zap.Error(err))
	}
}

// switchAs switches alarms that were read as they must be, and says what somebody
// else did.
func (a *arming) switchAs(ctx context.Context, list []cloudwatch.Alarm) error {
	now := make([]dashboards.Actual, len(list))
	for i := range list {
		now[i] = list[i].Actual
	}
	live := a.live()
	a.mu.Lock()
	on, off := a.alarms.Wanted(now, live)
	a.mu.Unlock()
	if err := cloudwatch.Arm(ctx, a.client, on); err != nil {
		return err
	}
	if err := cloudwatch.Disarm(ctx, a.client, off); err != nil {
		return err
	}
	a.mu.Lock()
	again, absent := a.alarms.Took(now, on, off)
	a.mu.Unlock()
	if len(again) > 0 {
		a.log.Warn("alarms had been switched off and are on again", zap.Strings("alarms", again))
	}
	if len(absent) > 0 {
		a.log.Warn("alarms are missing: nobody is woken by them",
			zap.Strings("alarms", absent), zap.String("hint", "streamwatch provision EVENT.yaml"))
	}
	return nil
}

// tell says when switching begins to fail and when it works again.
func (a *arming) tell(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case err != nil && a.fault == nil && a.once:
		const text = "alarms cannot be read; they stay as they are, and the next try is in "
		a.log.Warn(text+a.every.String(), zap.Error(err))
	case err != nil && a.fault == nil:
		a.log.Warn("alarms wake nobody yet; the next try is in "+a.every.String(), zap.Error(err))
	case err == nil && a.fault != nil:
		a.log.Info("alarms can be read again")
	}
	a.once = a.once || err == nil
	a.fault = err
}

func (a *arming) names() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.alarms.Names()
}

// read returns an alarm by its key as CloudWatch had it in the newest round.
func (a *arming) read(key string) (dashboards.Actual, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.alarms.Read(key)
}

// notes say what keeps the alarms from waking people.
func (a *arming) notes() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var list []string
	if a.fault != nil {
		list = append(list, "The alarms in CloudWatch cannot be read or switched: "+a.fault.Error())
	}
	if absent := a.alarms.Absent(); len(absent) > 0 {
		list = append(list, "Missing in CloudWatch: "+strings.Join(absent, ", "))
	}
	return list
}

// off switches the alarms off, unless another monitor still watches. It has its
// own time: that of the run is over.
func (a *arming) off(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, switchOff)
	defer cancel()
	for {
		others, err := a.signOut(ctx)
		if err == nil && len(others) > 0 {
			a.log.Info("alarms stay on: other monitors watch", zap.Strings("monitors", others))
			return nil
		}
		if err != nil {
			a.log.Debug("it is not known whether another monitor watches", zap.Error(err))
		}
		if err = cloudwatch.Disarm(ctx, a.client, a.names()); err == nil {
			return nil
		}
		if !probe.Pause(ctx, time.Second) {
			return err
		}
	}
}

func (a *arming) signOut(ctx context.Context) ([]string, error) {
	list, err := cloudwatch.Alarms(ctx, a.client, a.names())
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return cloudwatch.SignOut(ctx, a.client, list[0].ARN, a.monitor, time.Now().Add(-goneAfter))
}

// close ends the arming: when the event is over they are switched off, at any
// other end they stay on and the heartbeat alarm tells that nobody watches.
func (a *arming) close(over bool) {
	if over {
		if err := a.off(context.Background()); err != nil {
			const text = "alarms could not be switched off; heartbeat will tell that nobody watches"
			a.log.Warn(text, zap.Error(err))
		}
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), switchOff)
	defer cancel()
	if _, err := a.signOut(ctx); err != nil {
		a.log.Debug("other monitors take this one for running", zap.Error(err))
	}
	a.log.Info("alarms stay on: this is no end of the event",
		zap.String("hint", "streamwatch alarms off EVENT.yaml switches them off"))
}
