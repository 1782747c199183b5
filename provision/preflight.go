package provision

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	acmtypes "github.com/aws/aws-sdk-go-v2/service/acm/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	cftypes "github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/streamwatch/streamwatch/configs/rule"
)

// maxCachePolicies is CloudFront's default quota for an account.
const maxCachePolicies = 20

// Preflight returns what would make CloudFormation fail after minutes and that
// reading the account tells now: a certificate that does not cover an alias, an
// alias or a name that is taken, a topic that is not there, a quota that is used
// up. unread says what could not be checked and why; that is no problem. The error
// is one of looking for the stack.
func (s *Stack) Preflight(ctx context.Context, topics []string) (found []rule.Problem, unread []string, err error) {
	if s.spec.Adopt {
		return nil, nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	st, err := s.find(ctx)
	if err != nil {
		return nil, nil, err
	}
	c := &checker{}
	try := func(what string, err error) {
		if err != nil {
			unread = append(unread, fmt.Sprintf("%s: %v", what, s.explain("asking", err)))
		}
	}
	if !s.spec.AlarmsOnly && len(s.spec.Aliases) > 0 {
		try("the certificate", s.checkCertificate(ctx, c))
		try("whether an alias is taken", s.checkAliases(ctx, c, st))
	}
	for i, topic := range topics {
		if topic = strings.TrimSpace(topic); topic != "" {
			try("the topic "+topic, s.checkTopic(ctx, c, rule.Index("alarms.notify", i), topic))
		}
	}
	if phaseOf(st) == absent && !s.spec.AlarmsOnly {
		try("the names and the quota of cache policies", s.checkPolicies(ctx, c))
	}
	return c.Problems, unread, nil
}

func (s *Stack) checkCertificate(ctx context.Context, c *checker) error {
	out, err := acm.NewFromConfig(s.config, func(o *acm.Options) { o.Region = "us-east-1" }).
		DescribeCertificate(ctx, &acm.DescribeCertificateInput{CertificateArn: &s.spec.CertificateARN})
	if isNotFound(err) {
		c.require(false, "certificate_arn", "names a certificate that this account does not have",
			"aws acm list-certificates --region us-east-1")
		return nil
	}
	if err != nil {
		return err
	}
	cert := out.Certificate
	c.require(cert.Status == acmtypes.CertificateStatusIssued, "certificate_arn",
		fmt.Sprintf("names a certificate that is %s, not ISSUED", cert.Status),
		"follow its validation in the ACM console, then provision again")
	names := append(slices.Clone(cert.SubjectAlternativeNames), aws.ToString(cert.DomainName))
	slices.Sort(names)
	names = slices.Compact(names)
	for i, alias := range s.spec.Aliases {
		c.require(slices.ContainsFunc(names, func(n string) bool { return covers(n, alias) }), rule.Index("aliases", i),
			"is not covered by the certificate, which names "+strings.Join(names, ", "),
			"ask ACM for one that names it")
	}
	return nil
}

// covers says whether a name in a certificate stands for a host: a wildcard does
// for one label (RFC 6125 §6.4.3).
func covers(name, host string) bool {
	name, host = strings.ToLower(name), strings.ToLower(host)
	if name == host {
		return true
	}
	_, parent, _ := strings.Cut(host, ".")
	return strings.HasPrefix(name, "*.") && name[2:] == parent && !strings.HasPrefix(host, "*.")
}

// checkAliases finds aliases on distributions of this account; those of others
// only CloudFront can see.
func (s *Stack) checkAliases(ctx context.Context, c *checker, st *types.Stack) error {
	ours := ""
	if st != nil {
		for _, o := range st.Outputs {
			if aws.ToString(o.OutputKey) == "DistributionId" {
				ours = aws.ToString(o.OutputValue)
			}
		}
	}
	pages := cloudfront.NewListDistributionsPaginator(cloudfront.NewFromConfig(s.config),
		&cloudfront.ListDistributionsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		if page.DistributionList == nil {
			return nil
		}
		for i := range page.DistributionList.Items {
			d := &page.DistributionList.Items[i]
			if aws.ToString(d.Id) == ours || d.Aliases == nil {
				continue
			}
			for j, alias := range s.spec.Aliases {
				c.require(!slices.Contains(d.Aliases.Items, alias), rule.Index("aliases", j),
					"is an alias of the distribution "+aws.ToString(d.Id)+" already", "take it away there first")
			}
		}
	}
	return nil
}

// checkPolicies looks for the names of a new stack, and for room.
func (s *Stack) checkPolicies(ctx context.Context, c *checker) error {
	client := cloudfront.NewFromConfig(s.config)
	in := &cloudfront.ListCachePoliciesInput{Type: cftypes.CachePolicyTypeCustom}
	count := 0
	for {
		out, err := client.ListCachePolicies(ctx, in)
		if err != nil {
			return err
		}
		if out.CachePolicyList == nil {
			return nil
		}
		for _, item := range out.CachePolicyList.Items {
			count++
			name := ""
			if item.CachePolicy != nil && item.CachePolicy.CachePolicyConfig != nil {
				name = aws.ToString(item.CachePolicy.CachePolicyConfig.Name)
			}
			prefix := s.spec.StackName + "-" + s.spec.Region + "-"
			c.require(name != prefix+"manifest" && name != prefix+"segment", "stack_name",
				fmt.Sprintf("needs the cache policy %s, which exists already", name),
				"another stack left it: delete it, or choose another name")
		}
		if out.CachePolicyList.NextMarker == nil {
			break
		}
		in.Marker = out.CachePolicyList.NextMarker
	}
	c.require(count+2 <= maxCachePolicies, "stack_name",
		fmt.Sprintf("needs two cache policies, and the account has %d of the %d that it may have by default",
			count, maxCachePolicies),
		"delete some, or ask Service Quotas for more: aws service-quotas list-service-quotas --service-code cloudfront")
	return nil
}

func (s *Stack) checkTopic(ctx context.Context, c *checker, path, topic string) error {
	_, err := s.topics.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: &topic})
	if isNotFound(err) {
		c.Require(false, path, "names a topic that does not exist", "aws sns list-topics --region "+s.spec.Region)
		return nil
	}
	return err
}
