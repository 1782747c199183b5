package provision

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

// pending is what SNS answers in place of the ARN of a subscription that nobody
// has confirmed.
const pending = "PendingConfirmation"

// PendingEmails returns the addresses that a topic does not reach, because the
// link in the e-mail from AWS was not followed. No topic is no address.
func (s *Stack) PendingEmails(ctx context.Context, topic string) ([]string, error) {
	if topic == "" {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var list []string
	pages := sns.NewListSubscriptionsByTopicPaginator(s.topics, &sns.ListSubscriptionsByTopicInput{TopicArn: &topic})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, s.explain(fmt.Sprintf("asking who is subscribed to %s", topic), err)
		}
		for _, sub := range page.Subscriptions {
			if aws.ToString(sub.SubscriptionArn) == pending && aws.ToString(sub.Protocol) == "email" {
				list = append(list, aws.ToString(sub.Endpoint))
			}
		}
	}
	return list, nil
}
