package provision_test

import (
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/provision"
	"github.com/streamwatch/streamwatch/provision/awstest"
)

const tooMany = "Resource handler returned message: too many distributions for " + secret

// Each way in which an operation fails: what the user sees, and what to do.
func TestFailures(t *testing.T) {
	withSecret := func() provision.Spec {
		s := spec()
		s.Origin.Headers = map[string]string{"X-Origin-Verify": secret}
		return s
	}
	for _, onFailure := range []string{"ROLLBACK", "DELETE", "DO_NOTHING"} {
		scenario(t, "create-fails-"+strings.ToLower(onFailure), func(t *testing.T, cloud *awstest.Cloud, tr *transcript) {
			s := withSecret()
			s.OnFailure = onFailure
			cloud.Fail("CREATE", "Distribution", tooMany)
			st := stackOn(t, cloud, s)
			if tr.provisioned(t.Context(), st) == nil {
				t.Fatal("want an error")
			}
			cloud.Repair()
			_ = tr.provisioned(t.Context(), st) // says the state, or works where nothing is left
			st.Recreate = true
			if err := tr.provisioned(t.Context(), st); err != nil {
				t.Fatal(err)
			}
		})
	}
	scenario(t, "create-refused", func(t *testing.T, cloud *awstest.Cloud, tr *transcript) {
		cloud.Refuse(1, "CreateStack", "ValidationError", "Parameter OriginHeaderXOriginVerify: "+secret+" is too long")
		if tr.provisioned(t.Context(), stackOn(t, cloud, withSecret())) == nil {
			t.Fatal("want an error")
		}
	})
	scenario(t, "create-times-out", func(t *testing.T, cloud *awstest.Cloud, tr *transcript) {
		cloud.Took = map[string]time.Duration{"AWS::CloudFront::Distribution": 6 * time.Minute}
		s := spec()
		s.CreateTimeout = 5 * time.Minute
		if tr.provisioned(t.Context(), stackOn(t, cloud, s)) == nil {
			t.Fatal("want an error")
		}
	})
	scenario(t, "create-invalid", func(t *testing.T, cloud *awstest.Cloud, tr *transcript) {
		cloud.Fail("CREATE", "", "#: extraneous key [HttpVersions] is not permitted")
		if tr.provisioned(t.Context(), stackOn(t, cloud, spec())) == nil {
			t.Fatal("want an error")
		}
	})
	scenario(t, "rollback-fails", func(t *testing.T, cloud *awstest.Cloud, tr *transcript) {
		cloud.Fail("CREATE", "Distribution", tooMany)
		cloud.Fail("DELETE", "SegmentCachePolicy", "The policy is in use")
		st := stackOn(t, cloud, withSecret())
		if tr.provisioned(t.Context(), st) == nil {
			t.Fatal("want an error")
		}
		if tr.deleted(t.Context(), st) == nil {
			t.Fatal("want an error that names what is left")
		}
		cloud.Repair()
		if err := tr.deleted(t.Context(), st); err != nil {
			t.Fatal(err)
		}
	})
	scenario(t, "update-fails", func(t *testing.T, cloud *awstest.Cloud, tr *transcript) {
		s := withSecret()
		if _, err := stackOn(t, cloud, s).Provision(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		s.PriceClass = "PriceClass_100"
		cloud.Fail("UPDATE", "Distribution", tooMany)
		d, err := stackOn(t, cloud, s).Provision(t.Context(), tr.event)
		tr.result(d, err)
		if err == nil || d.EdgeURL == "" {
			t.Errorf("got %q, %v: want the old distribution beside the error", d.EdgeURL, err)
		}
		cloud.Repair()
		if err := tr.provisioned(t.Context(), stackOn(t, cloud, s)); err != nil {
			t.Fatal(err)
		}
	})
	scenario(t, "update-rollback-fails", func(t *testing.T, cloud *awstest.Cloud, tr *transcript) {
		s := withSecret()
		if _, err := stackOn(t, cloud, s).Provision(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		s.PriceClass = "PriceClass_100"
		cloud.Fail("UPDATE", "Distribution", tooMany)
		cloud.Fail("ROLLBACK", "Distribution", "Throttled")
		for range 2 { // as it happens, and as the next run finds it
			if tr.provisioned(t.Context(), stackOn(t, cloud, s)) == nil {
				t.Fatal("want an error")
			}
		}
	})
	scenario(t, "delete-fails", func(t *testing.T, cloud *awstest.Cloud, tr *transcript) {
		st := stackOn(t, cloud, withSecret())
		if _, err := st.Provision(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		cloud.Fail("DELETE", "ManifestCachePolicy", "Cannot delete the cache policy because it is in use")
		if tr.deleted(t.Context(), st) == nil {
			t.Fatal("want an error")
		}
		cloud.Repair()
		if err := tr.deleted(t.Context(), st); err != nil {
			t.Fatal(err)
		}
	})
	scenario(t, "delete-protected", func(t *testing.T, cloud *awstest.Cloud, tr *transcript) {
		st := stackOn(t, cloud, spec())
		if _, err := st.Provision(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		cloud.Protect("LiveHTTPStreaming", true, `{"Statement":[]}`) // an administrator, by hand
		if tr.deleted(t.Context(), st) == nil {
			t.Fatal("want an error")
		}
		s := spec()
		s.TerminationProtection = new(true)
		if tr.deleted(t.Context(), stackOn(t, cloud, s)) == nil {
			t.Fatal("want an error")
		}
		st.Unprotect = true
		if err := tr.deleted(t.Context(), st); err != nil {
			t.Fatal(err)
		}
	})
}

// Every status in which a stack may be found at rest has its hint.
func TestFound(t *testing.T) {
	for _, status := range []string{
		"CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "REVIEW_IN_PROGRESS",
		"UPDATE_FAILED", "UPDATE_ROLLBACK_FAILED", "IMPORT_ROLLBACK_FAILED",
	} {
		scenario(t, "found-"+status, func(t *testing.T, cloud *awstest.Cloud, tr *transcript) {
			cloud.Put("LiveHTTPStreaming", status, ours())
			st := stackOn(t, cloud, spec())
			if tr.provisioned(t.Context(), st) == nil {
				t.Error("want an error")
			}
			if _, err := st.Plan(t.Context()); err == nil {
				t.Error("plan: want an error")
			}
			st.Recreate = true
			live := strings.HasPrefix(status, "UPDATE") || strings.HasPrefix(status, "IMPORT")
			if err := tr.provisioned(t.Context(), st); (err != nil) != live {
				t.Errorf("recreate: %v", err)
			}
			if n := count(cloud, "DeleteStack"); live && n > 0 {
				t.Error("a distribution with viewers was deleted")
			}
		})
	}
}

// Throttling and a network that comes back do not end the watching.
func TestPatience(t *testing.T) {
	scenario(t, "throttled", func(t *testing.T, cloud *awstest.Cloud, tr *transcript) {
		cloud.Refuse(2, "CreateStack", "Throttling", "Rate exceeded")
		cloud.Refuse(20, "DescribeStackEvents", "Throttling", "Rate exceeded")
		st := stackOn(t, cloud, spec())
		d, err := st.Provision(t.Context(), nil) // backoff is random: no transcript
		if err != nil || d.EdgeURL == "" {
			t.Errorf("%v, %v", d, err)
		}
		tr.result(d, err)
		tr.Reset()
	})
	scenario(t, "expired", func(t *testing.T, cloud *awstest.Cloud, tr *transcript) {
		cloud.Refuse(1, "DescribeStackEvents", "ExpiredToken", "The security token included in the request is expired")
		st := stackOn(t, cloud, spec())
		if tr.provisioned(t.Context(), st) == nil {
			t.Fatal("want an error that says to sign in")
		}
		if err := tr.provisioned(t.Context(), st); err != nil {
			t.Fatal(err)
		}
	})
}

// What AWS says about the caller comes with what to do about it.
func TestCredentials(t *testing.T) {
	for code, want := range map[string]string{
		"ExpiredToken": "sign in again", "InvalidClientTokenId": "keys are unknown", "AccessDenied": "--print policy",
		"SignatureDoesNotMatch": "clock",
	} {
		synctest.Test(t, func(t *testing.T) {
			cloud := &awstest.Cloud{}
			cloud.Refuse(1, "", code, "said AWS")
			_, err := stackOn(t, cloud, spec()).Provision(t.Context(), nil)
			if advice := hintOf(t, err); !strings.Contains(advice, want) {
				t.Errorf("%s: hint %q, want %q", code, advice, want)
			}
			if want := `looking for stack "LiveHTTPStreaming": said AWS (` + code + `)`; err.Error() != want {
				t.Errorf("error %q, want %q", err, want)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		down := refuse{&net.DNSError{Err: "no such host", Name: "cloudformation.nowhere-1.amazonaws.com", IsNotFound: true}}
		_, err := stackOn(t, down, spec()).Provision(t.Context(), nil)
		if advice := hintOf(t, err); !strings.Contains(advice, "region") {
			t.Errorf("no network: hint %q", advice)
		}
	})
}

// Without any credentials, or with a profile that is not there, the error says
// how to get them, and nothing of the machine is asked.
func TestNoCredentials(t *testing.T) {
	t.Setenv("AWS_CONFIG_FILE", t.TempDir()+"/config")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", t.TempDir()+"/credentials")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	st, err := provision.NewStack(t.Context(), spec())
	if err != nil {
		t.Fatal(err)
	}
	_, err = st.Provision(t.Context(), nil)
	if advice := hintOf(t, err); !strings.Contains(advice, "aws sso login") ||
		!strings.Contains(err.Error(), "no AWS credentials") {
		t.Errorf("none: %v, hint %q", err, advice)
	}
	t.Setenv("AWS_PROFILE", "nobody")
	_, err = provision.NewStack(t.Context(), spec())
	if advice := hintOf(t, err); !strings.Contains(advice, "list-profiles") {
		t.Errorf("profile: %v, hint %q", err, advice)
	}
}

// A Spec that AWS would refuse is not sent.
func TestProvisionRefuses(t *testing.T) {
	s := spec()
	s.Origin.Host = "localhost"
	st := stackOn(t, refuse{errors.New("sent")}, s)
	if _, err := st.Provision(t.Context(), nil); err == nil || !strings.Contains(hintOf(t, err), "public DNS name") {
		t.Errorf("got %v", err)
	}
}
