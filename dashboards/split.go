package dashboards

import "fmt"

// templateFrame is what a template has besides its resources: generously.
const templateFrame = 1_000

// Split returns the alarms of an event that do not fit into one template of
// limit bytes: those of the streams in groups, each for a stack beside, and the
// parts of the main template. A group has composites over its alarms, and the
// composites of the main template, which tell the topic, are over those: so an
// event of any size keeps the names that wake people, and the topic.
//
// Streams stay in order, so a stream that is added last moves no other.
func Split(o Options, limit int) (main Parts, beside []Parts, err error) {
	o = o.withDefaults()
	var groups [][]Stream
	size := limit + 1 // so that the first stream opens a group
	for _, s := range o.Streams {
		n, err := s.size(o)
		if err != nil {
			return Parts{}, nil, err
		}
		if n > limit-templateFrame {
			return Parts{}, nil, fmt.Errorf("the alarms of stream %s alone have %d bytes, a template takes %d", s.Name, n, limit)
		}
		if size+n > limit-templateFrame {
			groups, size = append(groups, nil), 0
		}
		last := len(groups) - 1
		groups[last], size = append(groups[last], s), size+n
	}
	var impact, cdn, origin []Rule
	var arns []string
	for i, group := range groups {
		part, err := o.group(group)
		if err != nil {
			return Parts{}, nil, err
		}
		beside = append(beside, part)
		name := fmt.Sprintf("${AWS::StackName}-alarms-%d-", i+1)
		impact = append(impact, Rule{named: name + "viewer-impact"})
		cdn = append(cdn, Rule{named: name + "cdn-fault"})
		origin = append(origin, Rule{named: name + "origin-fault"})
		arns = append(arns, "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:"+name+"viewer-impact")
	}
	ofEvent := o
	ofEvent.Streams = nil
	alarms, _ := Alarms(ofEvent)
	main, err = o.main(alarms, compositesOver(Any(impact...), Any(cdn...), Any(origin...)), arns)
	return main, beside, err
}

// size is how many bytes the alarms of a stream take, with what they add to the
// composites of their group.
func (s Stream) size(o Options) (int, error) {
	o.Streams = []Stream{s}
	part, err := o.group(o.Streams)
	n := 0
	for id, r := range part.Resources {
		n += len(id) + len(r) + len(`"":,`)
	}
	return n, err
}

// group makes the resources of a stack beside: nobody is told by them.
func (o Options) group(streams []Stream) (Parts, error) {
	o.Streams = streams
	alarms, all := Alarms(o)
	made := object{}
	var ofStreams []Alarm
	for i := range alarms {
		if alarms[i].Stream != "" {
			ofStreams = append(ofStreams, alarms[i])
		}
	}
	if err := o.add(made, ofStreams, all, nil); err != nil {
		return Parts{}, err
	}
	return encodeParts(made, nil)
}
