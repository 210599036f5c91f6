locals {
  scaled = merge(
    { web = { min = var.web.min, max = var.web.max } },
    var.queue_metric == null ? {} : {
      for queue in local.queues : "worker-${queue}" => { min = var.workers[queue].min, max = var.workers[queue].max }
    }
  )
}

resource "aws_appautoscaling_target" "this" {
  for_each           = local.scaled
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.this.name}/${aws_ecs_service.this[each.key].name}"
  min_capacity       = each.value.min
  max_capacity       = each.value.max
}

resource "aws_appautoscaling_policy" "web" {
  name               = "processor"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this["web"].service_namespace
  scalable_dimension = aws_appautoscaling_target.this["web"].scalable_dimension
  resource_id        = aws_appautoscaling_target.this["web"].resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = 60
    scale_in_cooldown  = 300
    scale_out_cooldown = 30
    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}

# What waits in a queue and is in hand, of each task of the service.
resource "aws_appautoscaling_policy" "worker" {
  for_each           = var.queue_metric == null ? toset([]) : toset(local.queues)
  name               = "waiting"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this["worker-${each.key}"].service_namespace
  scalable_dimension = aws_appautoscaling_target.this["worker-${each.key}"].scalable_dimension
  resource_id        = aws_appautoscaling_target.this["worker-${each.key}"].resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = var.workers[each.key].waiting
    scale_in_cooldown  = 300
    scale_out_cooldown = 30
    customized_metric_specification {
      metrics {
        id          = "waiting"
        return_data = false
        metric_stat {
          stat = "Average"
          metric {
            namespace   = var.queue_metric.namespace
            metric_name = var.queue_metric.name
            dimensions {
              name  = "Queue"
              value = each.key
            }
          }
        }
      }
      metrics {
        id          = "tasks"
        return_data = false
        metric_stat {
          stat = "Average"
          metric {
            namespace   = "ECS/ContainerInsights"
            metric_name = "RunningTaskCount"
            dimensions {
              name  = "ClusterName"
              value = aws_ecs_cluster.this.name
            }
            dimensions {
              name  = "ServiceName"
              value = aws_ecs_service.this["worker-${each.key}"].name
            }
          }
        }
      }
      metrics {
        id         = "each"
        expression = "waiting / IF(tasks > 0, tasks, 1)"
        label      = "Of each task"
      }
    }
  }
}
