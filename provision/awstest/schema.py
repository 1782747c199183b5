"""Cut the slice of the CloudFormation schemas that templates of streamwatch use.

    npm pack @aws-cdk/aws-service-spec@0.1.216 && tar xzf *.tgz
    python3 schema.py package/db.json.gz > schema.json

The package is Apache-2.0. Kept of each property: type, required, allowed
values, and whether a change replaces the resource; documentation is dropped.
"""

import gzip
import json
import sys

RESOURCES = """
AWS::CloudFront::CachePolicy AWS::CloudFront::Distribution AWS::CloudFront::KeyGroup AWS::CloudFront::MonitoringSubscription
AWS::CloudFront::PublicKey AWS::CloudFront::ResponseHeadersPolicy AWS::CloudWatch::Alarm AWS::CloudWatch::CompositeAlarm
AWS::CloudWatch::Dashboard AWS::Logs::Delivery AWS::Logs::DeliveryDestination AWS::Logs::DeliverySource AWS::Logs::LogGroup
AWS::SNS::Subscription AWS::SNS::Topic AWS::SNS::TopicPolicy
""".split()

db = json.load(gzip.open(sys.argv[1]))["schema"]
by_id = {t["$id"]: t for t in db["typeDefinition"]["entities"]}
by_name = {r["cloudFormationType"]: r for r in db["resource"]["entities"]}
types = {}


def type_of(t):
    kind = t["type"]
    if kind == "ref":
        ref = t["reference"]["$ref"]
        name = by_id[ref]["name"] + "#" + ref
        if name not in types:
            types[name] = None  # taken, for types that hold themselves
            types[name] = properties(by_id[ref])
        return {"ref": name}
    if kind in ("array", "map"):
        return {kind: type_of(t["element"])}
    if kind == "union":
        return {"union": [type_of(u) for u in t["types"]]}
    out = {"kind": kind}
    if t.get("allowedValues"):
        out["allowed"] = t["allowedValues"]
    return out


def properties(owner):
    out = {}
    for name, p in owner["properties"].items():
        out[name] = type_of(p["type"])
        if p.get("required"):
            out[name]["required"] = True
        if p.get("causesReplacement", "no") != "no":
            out[name]["replaces"] = True
    return out


resources = {
    name: {"attributes": sorted(by_name[name].get("attributes", {})), "properties": properties(by_name[name])}
    for name in RESOURCES
}


def lines(name, values):
    rows = ",\n".join(json.dumps(k) + ": " + json.dumps(v, sort_keys=True) for k, v in sorted(values.items()))
    return json.dumps(name) + ": {\n" + rows + "\n}"


print("{\n" + lines("resources", resources) + ",\n" + lines("types", types) + "\n}")
