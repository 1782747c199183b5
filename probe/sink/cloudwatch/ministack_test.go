package cloudwatch

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// TestMiniStack reads, switches and tags alarms that an emulator keeps, which
// somebody else wrote: metric and composite alarms, and another PutMetricAlarm
// that rewrites one whole.
func TestMiniStack(t *testing.T) {
	t.Parallel()
	client := sdk.New(sdk.Options{
		Region: "us-east-1", BaseEndpoint: new("http://" + startMiniStack(t)), DisableRequestCompression: true,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	ctx, names := t.Context(), []string{"s-heartbeat", "s-viewer-impact"}
	put := func() {
		t.Helper()
		_, err := client.PutMetricAlarm(ctx, &sdk.PutMetricAlarmInput{
			AlarmName: &names[0], Namespace: new("StreamWatch"),
			MetricName: new("MonitorHeartbeat"), Statistic: types.StatisticSampleCount,
			Period: new(int32(60)), EvaluationPeriods: new(int32(3)), Threshold: new(1.0), ActionsEnabled: new(false),
			ComparisonOperator: types.ComparisonOperatorLessThanThreshold,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	put()
	_, err := client.PutCompositeAlarm(ctx, &sdk.PutCompositeAlarmInput{
		AlarmName: &names[1], AlarmRule: new(`ALARM("s-heartbeat")`), ActionsEnabled: new(false),
	})
	if err != nil {
		t.Fatal(err)
	}
	armed := func() (states []bool, arn string) {
		t.Helper()
		list, err := Alarms(ctx, client, append(names, "s-nobody"))
		if err != nil || len(list) != 2 || list[0].Name != names[0] {
			t.Fatalf("%+v, %v", list, err)
		}
		return []bool{list[0].Armed, list[1].Armed}, list[0].ARN
	}
	want := func(what string, heartbeat, impact bool) {
		t.Helper()
		if got, _ := armed(); !slices.Equal(got, []bool{heartbeat, impact}) {
			t.Errorf("%s: %v, want %v %v", what, got, heartbeat, impact)
		}
	}
	want("made", false, false)
	if err := Arm(ctx, client, names); err != nil {
		t.Fatal(err)
	}
	want("armed", true, true)
	put()
	want("rewritten", false, true)
	if err := Disarm(ctx, client, names); err != nil {
		t.Fatal(err)
	}
	want("disarmed", false, false)
	_, arn := armed()
	now := time.Now()
	for monitor, at := range map[string]time.Time{"one": now, "two": now, "dead": now.Add(-time.Hour)} {
		if err := SignIn(ctx, client, arn, monitor, at); err != nil {
			t.Fatal(err)
		}
	}
	if others, err := SignOut(ctx, client, arn, "one", now.Add(-time.Minute)); err != nil ||
		!slices.Equal(others, []string{"two"}) {
		t.Errorf("others %v, %v", others, err)
	}
	if others, err := SignOut(ctx, client, arn, "two", now.Add(-time.Minute)); err != nil || len(others) > 0 {
		t.Errorf("others %v, %v", others, err)
	}
}

// startMiniStack returns the address of an emulator that ends with the test.
func startMiniStack(t *testing.T) string {
	t.Helper()
	program, address := proctest.Find(t, "ministack", "MINISTACK"), proctest.Address(t)
	_, port, _ := net.SplitHostPort(address)
	cmd := exec.Command(program)
	cmd.Dir = t.TempDir()
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + cmd.Dir, "TMPDIR=" + cmd.Dir, "GATEWAY_PORT=" + port, "BIND_HOST=127.0.0.1",
		"IOT_MTLS_ENABLED=0",
	}
	proctest.Start(t, cmd, syscall.SIGKILL)
	for end := time.Now().Add(proctest.Patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		if res, err := http.DefaultClient.Do(req); err == nil {
			_ = res.Body.Close()
			return address
		}
	}
	t.Fatal("ministack does not listen")
	return ""
}
