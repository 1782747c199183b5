package provision_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/provision"
	"github.com/streamwatch/streamwatch/provision/awstest"
)

// On a machine of AWS the role of the instance signs the requests.
func TestInstanceRole(t *testing.T) {
	signed := make(chan string, 8)
	cloud := &awstest.Cloud{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		signed <- r.Header.Get("Authorization")
		cloud.ServeHTTP(w, r)
	}))
	defer server.Close()
	machine := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPut:
			w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "60")
			fmt.Fprint(w, "token")
		case strings.HasSuffix(r.URL.Path, "/security-credentials/"):
			fmt.Fprint(w, "monitor")
		default:
			fmt.Fprint(w, `{"Code":"Success","AccessKeyId":"ASIAROLE","SecretAccessKey":"key-of-role",`+
				`"Token":"t","Expiration":"2099-01-01T00:00:00Z"}`)
		}
	}))
	defer machine.Close()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_EC2_METADATA_SERVICE_ENDPOINT": machine.URL,
		"AWS_CONFIG_FILE": t.TempDir() + "/config", "AWS_SHARED_CREDENTIALS_FILE": t.TempDir() + "/credentials",
	} {
		t.Setenv(name, value)
	}
	st, err := provision.NewStack(t.Context(), spec())
	if err != nil {
		t.Fatal(err)
	}
	if plan, err := st.Plan(t.Context()); err != nil || plan.Operation != "create" {
		t.Fatalf("plan %q, %v", plan.Operation, err)
	}
	if header := <-signed; !strings.Contains(header, "Credential=ASIAROLE/") {
		t.Errorf("signed by %q, want the role of the instance", header)
	}
}
