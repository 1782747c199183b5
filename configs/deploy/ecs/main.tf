# streamwatch on ECS in one region: a stack around service.yaml, which describes every parameter.
#
#   module "monitor" {
#     source = "./configs/deploy/ecs"
#     name   = "autumn-concert"
#     parameters = {
#       Image       = "ghcr.io/streamwatch/streamwatch:1.2.3"
#       Secret = aws_secretsmanager_secret.event.arn
#       Vpc         = "vpc-0123456789abcdef0"
#       Subnets     = "subnet-0123456789abcdef0,subnet-0123456789abcdef1"
#     }
#   }

terraform {
  required_version = ">= 1.3"
  required_providers {
    aws = { source = "hashicorp/aws", version = ">= 5.0" }
  }
}

variable "name" {
  type        = string
  description = "of the stack and of the service"
}

variable "parameters" {
  type        = map(string)
  description = "of service.yaml, without Name"
}

variable "tags" {
  type        = map(string)
  default     = {}
  description = "of everything in the stack"
}

resource "aws_cloudformation_stack" "service" {
  name          = var.name
  template_body = file("${path.module}/service.yaml")
  capabilities  = ["CAPABILITY_IAM"]
  parameters    = merge(var.parameters, { Name = var.name })
  tags          = var.tags
}

output "logs" {
  description = "the log group"
  value       = aws_cloudformation_stack.service.outputs["Logs"]
}
