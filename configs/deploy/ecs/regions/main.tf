# An example: a hub with a stand-by in eu-west-1, and agents there and in us-east-1. They meet at a
# NATS cluster that has JetStream and TLS; the event file's `fleet.nats` names it, with a user of the hub's.

terraform {
  required_version = ">= 1.3"
  required_providers {
    aws = { source = "hashicorp/aws", version = ">= 5.0" }
  }
}

provider "aws" {
  region = "eu-west-1"
}

provider "aws" {
  alias  = "us"
  region = "us-east-1"
}

variable "image" {
  type        = string
  description = "such as ghcr.io/streamwatch/streamwatch:1.2.3"
}

variable "event_file" {
  type        = string
  default     = "event.yaml"
  description = "the event file; what is secret in it stays in Secrets Manager and in Terraform's state"
}

variable "nats_url" {
  type        = string
  sensitive   = true
  description = "how agents reach NATS, such as tls://USER:PASSWORD@nats.example.com:4222"
}

variable "networks" {
  type        = map(object({ vpc = string, subnets = list(string) }))
  description = "by region"
}

resource "aws_secretsmanager_secret" "event" {
  name = "streamwatch-event"
}

resource "aws_secretsmanager_secret_version" "event" {
  secret_id     = aws_secretsmanager_secret.event.id
  secret_string = file(var.event_file)
}

# A task reads its secret in its own region.
resource "aws_secretsmanager_secret" "nats" {
  name = "streamwatch-nats"

  replica {
    region = "us-east-1"
  }
}

resource "aws_secretsmanager_secret_version" "nats" {
  secret_id     = aws_secretsmanager_secret.nats.id
  secret_string = var.nats_url
}

module "hub" {
  source = "../"
  name   = "streamwatch-hub"
  parameters = {
    Mode    = "hub"
    Count   = "2"
    Image   = var.image
    Secret  = aws_secretsmanager_secret_version.event.arn
    Vpc     = var.networks["eu-west-1"].vpc
    Subnets = join(",", var.networks["eu-west-1"].subnets)
  }
}

module "agent_eu" {
  source = "../"
  name   = "streamwatch-agent"
  parameters = {
    Mode    = "agent"
    Count   = "2"
    Image   = var.image
    Secret  = aws_secretsmanager_secret_version.nats.arn
    Vpc     = var.networks["eu-west-1"].vpc
    Subnets = join(",", var.networks["eu-west-1"].subnets)
  }
}

module "agent_us" {
  source    = "../"
  providers = { aws = aws.us }
  name      = "streamwatch-agent"
  parameters = {
    Mode    = "agent"
    Count   = "2"
    Image   = var.image
    Secret  = replace(aws_secretsmanager_secret_version.nats.arn, "eu-west-1", "us-east-1")
    Vpc     = var.networks["us-east-1"].vpc
    Subnets = join(",", var.networks["us-east-1"].subnets)
  }
}
