# PostgreSQL for the app and for events, Valkey, and the folder that all tasks share.
resource "aws_db_subnet_group" "this" {
  name_prefix = "${var.name}-"
  subnet_ids  = var.private_subnets
}

resource "aws_db_parameter_group" "this" {
  name_prefix = "${var.name}-"
  family      = "postgres18"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  # A dump takes a lock on every table of every workspace.
  parameter {
    name         = "max_locks_per_transaction"
    value        = "512"
    apply_method = "pending-reboot"
  }

  parameter {
    name  = "log_min_duration_statement"
    value = "1000"
  }

  parameter {
    name  = "log_statement"
    value = "ddl"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_db_instance" "this" {
  for_each = { app = "app", events = "events" }

  identifier                          = "${var.name}-${each.key}"
  engine                              = "postgres"
  engine_version                      = "18"
  instance_class                      = var.database_class
  db_name                             = each.value
  username                            = "plg"
  manage_master_user_password         = true
  master_user_secret_kms_key_id       = var.encryption_key
  allocated_storage                   = 100
  max_allocated_storage               = 1000
  storage_type                        = "gp3"
  storage_encrypted                   = true
  kms_key_id                          = var.encryption_key
  multi_az                            = true
  db_subnet_group_name                = aws_db_subnet_group.this.name
  parameter_group_name                = aws_db_parameter_group.this.name
  vpc_security_group_ids              = [aws_security_group.data.id]
  publicly_accessible                 = false
  iam_database_authentication_enabled = true
  auto_minor_version_upgrade          = true
  backup_retention_period             = 14
  copy_tags_to_snapshot               = true
  deletion_protection                 = true
  skip_final_snapshot                 = false
  final_snapshot_identifier           = "${var.name}-${each.key}-last"
  performance_insights_enabled        = true
  performance_insights_kms_key_id     = var.encryption_key
  monitoring_interval                 = 60
  monitoring_role_arn                 = aws_iam_role.monitoring.arn
  enabled_cloudwatch_logs_exports     = ["postgresql", "upgrade"]
}

resource "aws_elasticache_subnet_group" "this" {
  name       = var.name
  subnet_ids = var.private_subnets
}

resource "aws_elasticache_parameter_group" "this" {
  name   = var.name
  family = "valkey8"

  # What is in it must not be thrown away for want of room.
  parameter {
    name  = "maxmemory-policy"
    value = "noeviction"
  }
}

data "aws_secretsmanager_secret_version" "cache" {
  secret_id = var.cache_auth_token
}

resource "aws_elasticache_replication_group" "this" {
  replication_group_id       = var.name
  description                = "Event stream, counters, queues and cache"
  engine                     = "valkey"
  engine_version             = "8.1"
  node_type                  = var.cache_class
  num_cache_clusters         = 2
  automatic_failover_enabled = true
  multi_az_enabled           = true
  parameter_group_name       = aws_elasticache_parameter_group.this.name
  subnet_group_name          = aws_elasticache_subnet_group.this.name
  security_group_ids         = [aws_security_group.data.id]
  transit_encryption_enabled = true
  transit_encryption_mode    = "required"
  at_rest_encryption_enabled = true
  kms_key_id                 = var.encryption_key
  auth_token                 = data.aws_secretsmanager_secret_version.cache.secret_string
  snapshot_retention_limit   = 7
  auto_minor_version_upgrade = true
}

# STATE_DIR: uploads, releases, exports, and events that wait for Redis.
resource "aws_efs_file_system" "state" {
  creation_token = "${var.name}-state"
  encrypted      = true
  kms_key_id     = var.encryption_key
}

resource "aws_efs_mount_target" "state" {
  for_each        = toset(var.private_subnets)
  file_system_id  = aws_efs_file_system.state.id
  subnet_id       = each.value
  security_groups = [aws_security_group.data.id]
}

resource "aws_efs_access_point" "state" {
  file_system_id = aws_efs_file_system.state.id

  posix_user {
    uid = 10001
    gid = 10001
  }

  root_directory {
    path = "/plg"
    creation_info {
      owner_uid   = 10001
      owner_gid   = 10001
      permissions = "0750"
    }
  }
}
