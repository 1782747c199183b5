package awstest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// subscription is one address on a topic.
type subscription struct {
	protocol, endpoint string
	confirmed          bool
}

// subscribe notes the subscriptions of a topic of a template; an e-mail has to be
// confirmed by whoever reads it.
func (c *Cloud) subscribe(topic string, properties map[string]any) {
	if c.topics == nil {
		c.topics = map[string][]subscription{}
	}
	list, _ := properties["Subscription"].([]any)
	c.topics[topic] = nil
	for _, s := range list {
		one, _ := s.(map[string]any)
		c.topics[topic] = append(c.topics[topic], subscription{
			protocol: fmt.Sprint(one["Protocol"]),
			endpoint: fmt.Sprint(one["Endpoint"]),
		})
	}
}

// Confirm follows the link in the e-mail to an address.
func (c *Cloud) Confirm(address string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, list := range c.topics {
		for i := range list {
			list[i].confirmed = list[i].confirmed || list[i].endpoint == address
		}
	}
}

// notifications answers SNS's query protocol.
func (c *Cloud) notifications(w http.ResponseWriter, action string, f form) {
	topic := f.Get("TopicArn")
	if !c.allowed("sns:"+action, topic, nil) {
		writeError(w, http.StatusForbidden, "AuthorizationError", denied("sns:"+action, topic).message)
		return
	}
	list, known := c.topics[topic]
	if !known && !c.Topics[topic] {
		writeError(w, http.StatusNotFound, "NotFound", "Topic does not exist")
		return
	}
	var members []node
	for i, s := range list {
		arn := "PendingConfirmation"
		if s.confirmed {
			arn = fmt.Sprintf("%s:%d", topic, i)
		}
		members = append(members, join(text("SubscriptionArn", arn), text("Owner", Account), text("Protocol", s.protocol),
			text("Endpoint", s.endpoint), text("TopicArn", topic)))
	}
	result := element("Attributes")
	if action == "ListSubscriptionsByTopic" {
		result = element("Subscriptions", wrapped(members)...)
	}
	w.Header().Set("Content-Type", "text/xml")
	_, _ = io.WriteString(w, fmt.Sprintf(`<%sResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">%s</%[1]sResponse>`,
		action, element(action+"Result", result)))
}

// cloudFront answers what a preflight reads: names of cache policies, aliases.
func (c *Cloud) cloudFront(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Content-Type", "text/xml")
	switch {
	case strings.HasSuffix(req.URL.Path, "/cache-policy"):
		if !c.allowed("cloudfront:ListCachePolicies", "*", nil) {
			writeError(w, http.StatusForbidden, "AccessDenied", denied("cloudfront:ListCachePolicies", "*").message)
			return
		}
		var items []node
		for _, name := range sortedKeys(c.Taken) {
			if name, ok := strings.CutPrefix(name, "AWS::CloudFront::CachePolicy "); ok {
				items = append(items, element("CachePolicySummary", text("Type", "custom"),
					element("CachePolicy", text("Id", name), element("CachePolicyConfig", text("Name", name), text("MinTTL", "0")))))
			}
		}
		_, _ = io.WriteString(w,
			string(element("CachePolicyList", text("MaxItems", "100"), text("Quantity", fmt.Sprint(len(items))),
				element("Items", items...))))
	case strings.HasSuffix(req.URL.Path, "/distribution"):
		if !c.allowed("cloudfront:ListDistributions", "*", nil) {
			writeError(w, http.StatusForbidden, "AccessDenied", denied("cloudfront:ListDistributions", "*").message)
			return
		}
		var items []node
		for _, alias := range sortedKeys(c.Aliases) {
			items = append(items, element("DistributionSummary", text("Id", c.Aliases[alias]),
				element("Aliases", text("Quantity", "1"), element("Items", element("CNAME", escaped(alias))))))
		}
		_, _ = io.WriteString(w,
			string(element("DistributionList", text("IsTruncated", "false"), element("Items", items...))))
	default:
		writeError(w, http.StatusNotFound, "NoSuchResource", req.URL.Path)
	}
}

// certificates answers ACM's JSON protocol.
func (c *Cloud) certificates(w http.ResponseWriter, req *http.Request) {
	var in struct{ CertificateArn string }
	_ = json.NewDecoder(req.Body).Decode(&in) // another request names no certificate
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if !c.allowed("acm:DescribeCertificate", in.CertificateArn, nil) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w,
			`{"__type":"AccessDeniedException","message":"not authorized to perform: acm:DescribeCertificate"}`)
		return
	}
	cert, known := c.Certificates[in.CertificateArn]
	if !known {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"__type":"ResourceNotFoundException","message":"Could not find certificate"}`)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"Certificate": map[string]any{
		"CertificateArn": in.CertificateArn, "DomainName": cert.Names[0], "SubjectAlternativeNames": cert.Names,
		"Status":    cert.Status,
		"CreatedAt": float64(time.Now().Unix()),
	}})
}

// Certificate is one of ACM.
type Certificate struct {
	Names  []string
	Status string // "ISSUED"
}
