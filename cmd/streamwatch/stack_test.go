package main

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const tooMany = "Resource handler returned message: too many distributions"

// TestStackStates shows, for each state that a stack can be in and each way in
// which an operation can end, what a user sees and with which exit code.
func TestStackStates(t *testing.T) {
	t.Parallel()
	for name, play := range map[string]func(*account){
		"create-update-delete": func(a *account) {
			a.want(0, "provision", "event.yaml")
			a.want(0, "provision", "event.yaml") // there is nothing to do
			a.event(", price_class: PriceClass_100")
			a.want(0, "provision", "event.yaml", "--dry-run")
			a.want(0, "provision", "event.yaml")
			a.want(0, "delete", "event.yaml", "--yes")
			a.want(0, "delete", "event.yaml", "--yes") // there is nothing left
		},
		"create-fails-rollback": func(a *account) {
			a.cloud.Fail("CREATE", "Distribution", tooMany)
			a.want(1, "provision", "event.yaml")
			a.cloud.Repair()
			a.want(1, "provision", "event.yaml")
			a.want(0, "provision", "event.yaml", "--recreate")
		},
		"create-fails-delete": func(a *account) {
			a.event(", on_failure: DELETE")
			a.cloud.Fail("CREATE", "Distribution", tooMany)
			a.want(1, "provision", "event.yaml")
			a.want(0, "delete", "event.yaml", "--yes")
		},
		"create-fails-do-nothing": func(a *account) {
			a.event(", on_failure: DO_NOTHING")
			a.cloud.Fail("CREATE", "Distribution", tooMany)
			a.want(1, "provision", "event.yaml")
			a.want(1, "provision", "event.yaml")
			a.cloud.Repair()
			a.want(0, "delete", "event.yaml", "--yes")
		},
		"create-invalid": func(a *account) {
			a.cloud.Fail("CREATE", "", "#: extraneous key [HttpVersions] is not permitted")
			a.want(1, "provision", "event.yaml")
		},
		"rollback-fails": func(a *account) {
			a.cloud.Fail("CREATE", "Distribution", tooMany)
			a.cloud.Fail("DELETE", "SegmentCachePolicy", "The policy is in use")
			a.want(1, "provision", "event.yaml")
			a.want(1, "delete", "event.yaml", "--yes")
			a.cloud.Repair()
			a.want(0, "delete", "event.yaml", "--yes")
		},
		"update-fails": func(a *account) {
			a.want(0, "provision", "event.yaml")
			a.event(", price_class: PriceClass_100")
			a.cloud.Fail("UPDATE", "Distribution", tooMany)
			a.want(1, "provision", "event.yaml")
			a.cloud.Repair()
			a.want(0, "provision", "event.yaml")
		},
		"update-rollback-fails": func(a *account) {
			a.want(0, "provision", "event.yaml")
			a.event(", price_class: PriceClass_100")
			a.cloud.Fail("UPDATE", "Distribution", tooMany)
			a.cloud.Fail("ROLLBACK", "Distribution", "Throttled")
			a.want(1, "provision", "event.yaml")
			a.want(1, "provision", "event.yaml")
		},
		"update-replaces": func(a *account) {
			a.serve(replacing(a.cloud))
			a.want(0, "provision", "event.yaml")
			a.event(", price_class: PriceClass_100")
			a.want(1, "provision", "event.yaml")
			if a.count("ExecuteChangeSet") > 0 || a.cloud.ChangeSets() > 0 {
				a.t.Error("the change set was executed, or is left")
			}
		},
		"delete-fails": func(a *account) {
			a.want(0, "provision", "event.yaml")
			a.cloud.Fail("DELETE", "ManifestCachePolicy", "Cannot delete the cache policy because it is in use")
			a.want(1, "delete", "event.yaml", "--yes")
			a.want(1, "provision", "event.yaml")
			a.cloud.Repair()
			a.want(0, "delete", "event.yaml", "--yes")
		},
		"delete-protected": func(a *account) {
			a.event(", termination_protection: true")
			a.want(0, "provision", "event.yaml")
			a.want(1, "delete", "event.yaml", "--yes")
			a.want(2, "delete", "event.yaml") // nobody confirms
			a.event("")
			a.want(1, "delete", "event.yaml", "--yes") // the file does not mention it: it stays
			a.want(0, "delete", "event.yaml", "--yes", "--force-unprotect")
		},
		"throttled": func(a *account) {
			a.cloud.Refuse(2, "CreateStack", "Throttling", "Rate exceeded")
			a.want(0, "provision", "event.yaml")
		},
		"owner-none": func(a *account) {
			a.cloud.Put("LiveHTTPStreaming", "CREATE_COMPLETE", nil)
			a.want(1, "provision", "event.yaml", "--recreate")
			a.want(1, "delete", "event.yaml", "--yes")
		},
		"owner-other": func(a *account) {
			a.cloud.Put("LiveHTTPStreaming", "CREATE_COMPLETE", map[string]string{"streamwatch:event": "spring-concert"})
			a.want(1, "provision", "event.yaml", "--recreate")
			a.want(1, "delete", "event.yaml", "--yes")
		},
		"found": func(a *account) {
			for _, status := range []string{
				"CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "REVIEW_IN_PROGRESS",
				"UPDATE_FAILED", "UPDATE_ROLLBACK_FAILED", "IMPORT_ROLLBACK_FAILED",
			} {
				a.cloud.Put("LiveHTTPStreaming", status, map[string]string{"streamwatch:event": "autumn-concert"})
				a.want(1, "provision", "event.yaml")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t)
			play(a)
			a.golden(name)
		})
	}
}

// want runs the binary and requires an exit code.
func (a *account) want(code int, args ...string) {
	a.t.Helper()
	if got := a.run(args...); got != code {
		a.t.Errorf("%s: exit code %d, want %d", strings.Join(args, " "), got, code)
	}
}

// looked runs a check until it has seen the stream, which a busy machine may not let
// it do in its time (exit code 1), and requires an exit code.
func (a *account) looked(code int, args ...string) {
	a.t.Helper()
	got := 1
	a.await("look at the stream", func() bool { got = a.run(args...); return got != 1 })
	if got != code {
		a.t.Errorf("%s: exit code %d, want %d", strings.Join(args, " "), got, code)
	}
}

// replacing lets each change set replace the distribution.
func replacing(to http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		to.ServeHTTP(rec, r)
		maps.Copy(w.Header(), rec.Header())
		w.WriteHeader(rec.Code)
		_, _ = w.Write([]byte(strings.ReplaceAll(rec.Body.String(), "<Replacement>False<", "<Replacement>True<")))
	})
}

// TestCallers shows what a user is told about credentials.
func TestCallers(t *testing.T) {
	t.Parallel()
	for name, play := range map[string]func(*account){
		"credentials-none":    func(a *account) { a.set("AWS_ACCESS_KEY_ID", "") },
		"credentials-profile": func(a *account) { a.set("AWS_PROFILE", "nobody") },
		"credentials-expired": func(a *account) {
			a.cloud.Refuse(1, "", "ExpiredToken", "The security token included in the request is expired")
		},
		"credentials-unknown": func(a *account) {
			a.cloud.Refuse(1, "", "InvalidClientTokenId", "The security token included in the request is invalid.")
		},
		"credentials-denied": func(a *account) {
			a.cloud.Refuse(1, "", "AccessDenied",
				"User: arn:aws:iam::123456789012:user/kim is not authorized to perform: cloudformation:DescribeStacks")
		},
		"credentials-mfa": func(a *account) { // there is no terminal to ask on
			a.set("AWS_ACCESS_KEY_ID", "")
			a.set("AWS_SECRET_ACCESS_KEY", "")
			a.set("AWS_PROFILE", "events")
			a.set("AWS_CONFIG_FILE", a.dir+"/config")
			a.write("config", "[profile events]\nrole_arn = arn:aws:iam::123456789012:role/events\nsource_profile = person\n"+
				"mfa_serial = arn:aws:iam::123456789012:mfa/kim\n[profile person]\naws_access_key_id = AKIDEXAMPLE\n"+
				"aws_secret_access_key = key-of-aws\n")
		},
		"credentials-process": func(a *account) {
			a.set("AWS_ACCESS_KEY_ID", "")
			a.set("AWS_SECRET_ACCESS_KEY", "")
			a.set("AWS_PROFILE", "events")
			a.set("AWS_CONFIG_FILE", a.dir+"/config")
			a.write("config", "[profile events]\ncredential_process = false\n")
		},
		"limit": func(a *account) {
			a.cloud.Refuse(1, "CreateStack", "LimitExceeded", "Limit for stacks has been exceeded")
		},
		"opt-in": func(a *account) {
			a.cloud.Refuse(1, "", "OptInRequired", "The AWS Access Key Id needs a subscription for the service")
		},
		"credentials-sso-expired": func(a *account) {
			a.set("AWS_ACCESS_KEY_ID", "")
			a.set("AWS_SECRET_ACCESS_KEY", "")
			a.set("AWS_PROFILE", "events")
			a.set("AWS_CONFIG_FILE", a.dir+"/config")
			a.write("config", "[profile events]\nsso_session = company\nsso_account_id = 123456789012\nsso_role_name = Events\n"+
				"[sso-session company]\nsso_region = us-east-1\nsso_start_url = https://company.awsapps.example/start\n")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t)
			play(a)
			a.want(1, "provision", "event.yaml")
			a.golden(name)
		})
	}
}
