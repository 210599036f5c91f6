output "cluster" {
  value = aws_ecs_cluster.this.name
}

output "prepare" {
  description = "The task definition that the pipeline runs before it updates the services"
  value       = aws_ecs_task_definition.this["prepare"].arn
}

output "network" {
  description = "Where that task runs"
  value       = { subnets = var.private_subnets, security_group = aws_security_group.tasks.id }
}

output "site" {
  description = "Where all names lead to"
  value       = aws_cloudfront_distribution.site.domain_name
}

output "databases" {
  value = { for name, database in aws_db_instance.this : name => database.endpoint }
}

output "cache" {
  value = aws_elasticache_replication_group.this.primary_endpoint_address
}

output "objects" {
  value = aws_s3_bucket.objects.bucket
}
